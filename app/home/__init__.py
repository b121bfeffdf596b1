"""Start page of each role; reads only."""
