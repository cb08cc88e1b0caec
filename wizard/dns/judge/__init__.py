"""From DNS answers to findings: what is wrong with a record, why, and how to fix it. Pure."""
