"""`python -m services.routing`."""

from services.routing.main import main

main()
