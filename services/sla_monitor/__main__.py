"""`python -m services.sla_monitor`."""

from services.sla_monitor.main import main

main()
