"""Users, roles, permissions, areas and sessions."""
