"""Payroll: facts that move money, statements, month close (R-PAY-1…7)."""
