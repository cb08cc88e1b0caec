"""An AWS account and a DNS server on loopback, inside the process, with a story."""

from wizard.demo.aws.account import AT_ONCE, Story
from wizard.demo.stage import Demo, start

__all__ = ["AT_ONCE", "Demo", "Story", "start"]
