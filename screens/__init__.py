"""The Textual app. Nothing in here calls AWS or DNS by itself: that is the engine's work."""
