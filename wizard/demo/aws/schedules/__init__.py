"""The demo account's EventBridge and EventBridge Scheduler."""
