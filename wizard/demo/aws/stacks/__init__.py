"""The demo account's AWS CloudFormation."""
