"""Calling AWS: one operation, one that may find nothing, or all pages of a listing.

Operations are named ``service:Operation`` with botocore's names (``sesv2:GetAccount``). Most members of an
answer are optional in the services' models, so callers read them with ``.get`` or ``needed``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wizard.aws.access import AwsAccess
from wizard.aws.failures import error_code, translated
from wizard.errors import WizardError


def call(
    aws: AwsAccess,
    operation: str,
    region: str | None = None,
    *,
    patient: bool = False,
    brief: bool = False,
    **request: Any,
) -> dict[str, Any]:
    """Call ``operation`` in ``region`` (default: the Region in use) and return AWS's answer.

    ``patient`` and ``brief``: see ``AwsAccess.client``. Raises WizardError.
    """
    from botocore import xform_name

    service, _, name = operation.partition(":")
    with translated(operation, aws.profile):
        client = aws.client(service, region, patient=patient, brief=brief)
        answer: dict[str, Any] = getattr(client, xform_name(name))(**request)
    return answer


def call_unless(
    aws: AwsAccess, code: str, operation: str, *, brief: bool = False, **request: Any
) -> dict[str, Any] | None:
    """Call ``operation``; None if AWS answers with the error ``code``. Raises WizardError for all others."""
    try:
        return call(aws, operation, brief=brief, **request)
    except WizardError as error:
        if error_code(error) != code:
            raise
        return None


def call_pages(
    aws: AwsAccess, operation: str, region: str | None = None, **request: Any
) -> Iterator[dict[str, Any]]:
    """Yield the pages of a listing, by botocore's paginator. Raises WizardError."""
    from botocore import xform_name

    service, _, name = operation.partition(":")
    with translated(operation, aws.profile):
        yield from aws.client(service, region).get_paginator(xform_name(name)).paginate(**request)
