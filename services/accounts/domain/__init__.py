"""Pure decisions about managers, clients and proposals: no I/O, no clock, no ids of their own making."""
