"""When the reminder is sent: EventBridge Scheduler expressions."""
