"""Step 2: which domain sends."""
