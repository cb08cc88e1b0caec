"""Step 6: the sandbox and production access."""
