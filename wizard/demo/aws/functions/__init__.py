"""The demo account's AWS Lambda."""
