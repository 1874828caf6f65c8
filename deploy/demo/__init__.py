"""`svoy demo`: the seed's month, played through the public doors alone."""
