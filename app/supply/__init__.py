"""The papers that move parts: requisitions, purchase requests, customers' orders, shipments (workflows, Parts)."""
