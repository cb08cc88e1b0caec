"""The six steps of the set-up, in order: account, domain, identity, dns, reminder, production."""
