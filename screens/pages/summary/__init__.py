"""The last page: what was set up."""
