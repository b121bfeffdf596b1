"""Defective parts on their way back and what quality decides of them: returns, nonconformity and 8D reports (2A-17)."""
