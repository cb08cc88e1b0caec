"""The Lambda function of the reminder."""
