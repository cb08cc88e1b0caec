"""What gets deployed for the scheduled, personal mail."""
