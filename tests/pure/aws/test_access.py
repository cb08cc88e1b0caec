"""The access to AWS: what its sessions share, and what they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.aws.access import AwsAccess, EmbeddedKeys


def test_service_descriptions_are_read_once_for_all_sessions() -> None:
    keys = EmbeddedKeys("a", "b")
    clients = [AwsAccess(region="us-east-1", keys=keys).client("sesv2") for _ in range(2)]
    mine = AwsAccess(region="us-east-1").client("sesv2")
    first, second, third = (client.meta.service_model.metadata for client in (*clients, mine))
    assert first is second is third
    assert clients[0].meta.events is not clients[1].meta.events


def test_an_embedded_access_ignores_the_users_aws_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-users-own")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    keys = EmbeddedKeys("a", "b")
    for region, endpoint in (("us-east-1", "http://127.0.0.1:1"), ("eu-central-1", "http://127.0.0.1:2")):
        client = AwsAccess(region=region, endpoint_url=endpoint, keys=keys).client("sts")
        assert (client.meta.region_name, client.meta.endpoint_url) == (region, endpoint)
        assert client._request_signer._credentials.access_key == "a"


def test_the_users_own_service_descriptions_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    folder = tmp_path / "mine" / "2026-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text("{}")
    assert "mine" in AwsAccess().session().get_available_services()
    monkeypatch.delenv("AWS_DATA_PATH")
    assert "mine" not in AwsAccess().session().get_available_services()
