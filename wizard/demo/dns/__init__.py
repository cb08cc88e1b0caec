"""The demo's DNS server and zones."""
