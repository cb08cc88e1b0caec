"""Step 4: whether the DNS records are right."""
