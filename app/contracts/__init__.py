"""Off-warranty repair contracts, service agreements and quote confirmations, and their approval (workflows, Off-warranty contract)."""
