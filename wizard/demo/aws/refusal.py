"""Errors that the embedded account answers a request with."""

from __future__ import annotations

from moto.core.exceptions import JsonRESTError, ServiceException


class Refusal(ServiceException):
    """An AWS error: ``code`` is one of the service's model, which knows its HTTP status."""


def rest_refusal(code: str, message: str, status: int = 400) -> JsonRESTError:
    """An AWS error of Lambda or EventBridge Scheduler, whose answers moto writes without their models."""
    refusal = JsonRESTError(code, message)
    refusal.code = status
    return refusal
