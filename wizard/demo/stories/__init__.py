"""The demo's stories."""
