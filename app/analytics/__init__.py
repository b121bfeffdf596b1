"""Statistics and frozen reports; reads what the other capabilities keep."""
