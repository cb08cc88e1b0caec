"""The way to AWS: what its sessions share, and what they never do."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.aws.access import AwsAccess, EmbeddedKeys


def test_the_descriptions_of_services_are_read_once_for_all_sessions() -> None:
    keys = EmbeddedKeys("a", "b")
    clients = [AwsAccess(region="us-east-1", keys=keys).client("sesv2") for _ in range(2)]
    first, second = (client.meta.service_model.metadata for client in clients)
    assert first is second
    assert clients[0].meta.events is not clients[1].meta.events


def test_descriptions_of_the_users_own_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    folder = tmp_path / "mine" / "2026-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text("{}")
    assert "mine" in AwsAccess().session().get_available_services()
    monkeypatch.delenv("AWS_DATA_PATH")
    assert "mine" not in AwsAccess().session().get_available_services()
