"""The official JSON-Schema-Test-Suite: the required cases of 2020-12 and draft-07 (its licence stands beside them)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mcpdeck.services.engine.quick_check import quick_check
from mcpdeck.services.engine.validation import Compiled

SUITE = Path(__file__).resolve().parents[1] / "data" / "json-schema-test-suite"
DIALECTS = {
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
    "draft7": "http://json-schema.org/draft-07/schema#",
}
FILES = [(draft, file.stem) for draft in DIALECTS for file in sorted((SUITE / "tests" / draft).glob("*.json"))]


@cache
def remotes() -> dict[str, Any]:
    """What the suite expects at ``http://localhost:1234``, where nobody ever listens."""
    folder = SUITE / "remotes"
    return {
        f"http://localhost:1234/{file.relative_to(folder).as_posix()}": json.loads(file.read_text("utf-8"))
        for file in sorted(folder.rglob("*.json"))
    }


def groups(draft: str, name: str) -> list[dict[str, Any]]:
    return json.loads((SUITE / "tests" / draft / f"{name}.json").read_text("utf-8"))


def applied(schema: Any, draft: str) -> dict[str, Any]:
    """A schema as an object that names its dialect, as those of tools are."""
    whole: dict[str, Any] = schema if isinstance(schema, dict) else {"allOf": [schema]}
    return whole if "$schema" in whole else {"$schema": DIALECTS[draft], **whole}


def test_the_suite_is_there() -> None:
    assert len([file for draft, file in FILES if draft == "draft2020-12"]) > 40
    assert len([file for draft, file in FILES if draft == "draft7"]) > 30


@pytest.mark.parametrize(("draft", "name"), FILES, ids=[f"{draft}-{name}" for draft, name in FILES])
def test_every_required_case_is_judged_as_the_suite_says(draft: str, name: str) -> None:
    for group in groups(draft, name):
        schema = applied(group["schema"], draft)
        compiled = Compiled(schema, remotes())
        alone = Compiled(schema)
        siblings = draft != "draft7"
        known = schema["$schema"] in DIALECTS.values()  # else the document that describes it is needed
        quick = quick_check(schema, siblings=siblings) if known else None
        for case in group["tests"]:
            told = f"{group['description']}: {case['description']}"
            found = compiled.judged(case["data"], formats=False)
            assert not found.remarks, told
            assert (not found.problems) == case["valid"], told
            if quick is None:
                continue
            # The closures that spare the validator say the same, and so does whoever uses them.
            fits = quick.fits(case["data"])
            assert case["valid"] or not fits, told
            assert fits == case["valid"] or not quick.exact, told
            assert alone.judged(case["data"], formats=False).problems == found.problems, told
