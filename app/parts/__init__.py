"""Parts (配件): catalogue, stores and their ledger, requisitions, purchase requests, shipments, returned parts (workflows, Parts)."""
