"""Step 3: how mail is signed."""
