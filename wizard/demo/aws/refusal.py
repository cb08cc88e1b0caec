"""An error that the embedded account answers a request with."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class Refusal(ServiceException):
    """An AWS error: ``code`` is one of the service's model, which knows its HTTP status."""
