"""The registry: an entry is all that the rest of the program needs to know a step by."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

import screens
import wizard
from wizard.steps import survey
from wizard.steps.registry import StepName

ROOTS = [Path(str(package.__file__)).parent for package in (wizard, screens)]


@pytest.mark.parametrize("step", StepName)
def test_an_entry_leads_to_its_look_and_its_page(step: StepName) -> None:
    assert callable(survey.look_of(step))
    module, name = step.page.split(":")
    assert getattr(import_module(module), name).STEP is step
    assert step.label
    assert step.purpose
    assert step.look.startswith(f"wizard.steps.{step}.")
    assert step.page.startswith(f"screens.pages.{step}.")


def test_no_other_module_lists_all_steps() -> None:
    modules = [path for root in ROOTS for path in root.rglob("*.py") if path.name != "registry.py"]
    # The demo's stories carry out every step, each in its own way.
    for path in (path for path in modules if ROOTS[0] / "demo" not in path.parents):
        text = path.read_text()
        used = [step for step in StepName if f"StepName.{step.name}" in text or f'"{step}":' in text]
        assert len(used) < len(StepName), f"{path} lists every step: read the registry instead"
