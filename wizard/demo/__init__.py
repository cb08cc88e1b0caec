"""An AWS account and a DNS server on loopback, inside the process, with a story."""
