"""Step 6: leaving the SES sandbox."""
