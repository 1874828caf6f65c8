"""Managers, their clients, and the facts about clients that move money."""
