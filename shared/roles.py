"""Who there is, and who signs for it: what both the one who makes a pass and the one who checks it must know."""

ISSUER = "svoy"
"""Issuer and audience of every pass."""
ROLES = frozenset({"integration", "specialist", "manager", "lead", "director", "payroll", "service"})
NAMES = {
    "integration": "интеграция",
    "specialist": "специалист",
    "manager": "менеджер",
    "lead": "руководитель специалистов",
    "director": "директор",
    "payroll": "расчётчик зарплаты",
    "service": "служба",
}
"""As people call them."""
