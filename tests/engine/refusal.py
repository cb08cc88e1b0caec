"""Letting one operation of one access be refused, as AWS refuses it."""

from __future__ import annotations

from types import SimpleNamespace

from wizard.aws.access import AwsAccess


def refuse(
    aws: AwsAccess, service: str, operation: str, code: str, message: str = "", region: str | None = None
) -> None:
    """Have every call of ``operation`` by this access end in a refusal before it leaves."""
    answer = SimpleNamespace(status_code=400)
    refusal = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    for brief in (False, True):
        client = aws.client(service, region, brief=brief)
        service_id = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"before-call.{service_id}.{operation}", lambda **_: (answer, refusal))
