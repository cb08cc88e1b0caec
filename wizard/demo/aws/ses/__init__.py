"""The demo account's Amazon SES."""
