"""Events between services: topology, publishing with confirms, consuming, retry and parking."""
