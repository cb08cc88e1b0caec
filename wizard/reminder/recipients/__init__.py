"""Who receives the reminder: reading and checking lists."""
