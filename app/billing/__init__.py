"""Invoices, payments, receivables and dunning; cost and profit (workflows, Invoices, payments, dunning)."""
