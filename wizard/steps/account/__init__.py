"""Step 1: which AWS account and Region."""
