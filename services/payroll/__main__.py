"""`python -m services.payroll`."""

from services.payroll.main import main

main()
