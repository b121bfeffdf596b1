"""The service file: one page per machine, assembled from everything the product knows; reads only."""
