"""The DNS side: what should stand in the zone, what does, and why it differs."""
