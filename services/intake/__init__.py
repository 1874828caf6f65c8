"""Intake: everything that comes in from clients becomes a call, a mail, a request."""
