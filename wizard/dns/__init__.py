"""The DNS side: the records that should exist in a zone, those that do, and why they differ."""
