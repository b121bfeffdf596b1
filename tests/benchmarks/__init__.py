"""Benchmarks: ``python -m tests.benchmarks`` measures the running product and prints JSON (quality.md §1)."""
