"""The demo account's CloudWatch and SNS."""
