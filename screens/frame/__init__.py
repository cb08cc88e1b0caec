"""What every page shares: the frame around it, its base class, dialogs."""
