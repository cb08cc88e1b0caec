"""Asking the DNS: which servers, over which transport, by which deadline."""
