"""Step 2: the sending domain."""
