"""What every service stands on. It knows no business rule but the calendar and money."""
