"""Step 1: the AWS account and Region."""
