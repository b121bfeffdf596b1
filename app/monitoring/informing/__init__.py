"""What customers are to be told and nothing is to be repaired: a full bin for instance (facts, E18)."""
