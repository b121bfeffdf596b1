"""The working calendar, the duty roster, and where people are."""
