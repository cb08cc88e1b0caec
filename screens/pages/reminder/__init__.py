"""Step 5: recipients, message, schedule, deployment, test and runs."""
