"""Step 5: who gets what, when."""
