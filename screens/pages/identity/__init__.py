"""Step 3: the SES identity."""
