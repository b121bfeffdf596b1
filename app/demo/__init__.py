"""A small coherent world, built through operations only."""
