"""The demo account's IAM and STS."""
