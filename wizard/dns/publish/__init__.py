"""Writing records into a zone, or into a file for a DNS host to import."""
