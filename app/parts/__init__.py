"""Parts (配件): the catalogue, stores and their ledger, stock counts (workflows, Parts)."""
