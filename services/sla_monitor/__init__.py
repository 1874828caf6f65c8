"""SLA monitor: the clocks of what was promised to a client, and who is told when one breaks (R-URG-1…6)."""
