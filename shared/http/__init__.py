"""What every HTTP door has: problem details, authentication and roles, idempotency keys, paging, limits."""
