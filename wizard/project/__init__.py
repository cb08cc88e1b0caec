"""The project file: its schema, reading and saving it, merging two people's edits."""
