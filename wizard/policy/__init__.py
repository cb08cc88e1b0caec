"""The least IAM policy for one set-up."""
