"""What containers run beside the services: the set-up before the first start, and the health check."""
