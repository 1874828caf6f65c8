"""`python -m services.accounts`."""

from services.accounts.main import main

main()
