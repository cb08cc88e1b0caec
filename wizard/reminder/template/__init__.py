"""The CloudFormation template of the reminder's stack."""
