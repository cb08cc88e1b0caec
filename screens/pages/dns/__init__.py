"""Step 4: the live DNS checklist."""
