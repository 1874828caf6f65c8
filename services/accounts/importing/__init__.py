"""A base of clients read from a CSV file: pure, from bytes to listed clients and a report of each bad row."""
