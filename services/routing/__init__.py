"""Routing: specialists, who gets which request, and the life of the work (R-REQ-2, R-REQ-3, R-URG-4, R-COI-*)."""
