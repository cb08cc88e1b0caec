"""What the reminder says: templates with fields, and SES's refusals."""
