"""The asset register: machines, models and monitoring profiles."""
