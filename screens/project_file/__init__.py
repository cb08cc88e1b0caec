"""How the app keeps the project file up to date."""
