"""Amazon's side, thin and typed: a file a service, a function an operation in use."""
