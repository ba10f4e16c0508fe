"""The manifest and the tests name each other: no requirement without a test or a reason, no claim without a test."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.requirements import REQUIREMENTS
from tests.requirements.model import Requirement

ROOT = Path(__file__).resolve().parent.parent
MARK = "pytest.mark.requirement"
LEVELS = ("MUST", "SHOULD", "MAY", "I")
ERAS = ("both", "legacy", "modern")


@cache
def _functions(path: str) -> dict[str, tuple[str, ...]]:
    """The tests that stand at the top of a file, each with the ids it is marked with."""
    file = ROOT / path
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    return {
        node.name: tuple(
            ast.literal_eval(argument)
            for mark in node.decorator_list
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == MARK
            for argument in mark.args
        )
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def _named(requirement: Requirement) -> list[tuple[str, str]]:
    return [(path, name) for path, _, name in (test.partition("::") for test in requirement.tests)]


def _place(requirement: Requirement) -> tuple[int, ...]:
    return tuple(int(part) for part in requirement.id.split("."))


def test_ids_are_unique_and_in_order() -> None:
    assert [each for each, times in Counter(entry.id for entry in REQUIREMENTS).items() if times > 1] == []
    places = [_place(entry) for entry in REQUIREMENTS]
    assert places == sorted(places)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda entry: entry.id)
def test_each_requirement_has_either_tests_that_exist_or_a_reason(requirement: Requirement) -> None:
    assert requirement.era in ERAS
    assert requirement.level in LEVELS
    assert requirement.reference
    assert requirement.what.endswith(".")
    assert bool(requirement.tests) != bool(requirement.why), "tests or a reason, not both and not neither"
    assert [(path, name) for path, name in _named(requirement) if name not in _functions(path)] == []


def test_what_is_marked_with_a_requirement_and_what_the_manifest_names_is_the_same() -> None:
    marked = {
        (str(file.relative_to(ROOT)), name, each)
        for file in sorted((ROOT / "tests").rglob("test_*.py"))
        if "tests/interop/.env" not in str(file)
        for name, ids in _functions(str(file.relative_to(ROOT))).items()
        for each in ids
    }
    named = {(path, name, entry.id) for entry in REQUIREMENTS for path, name in _named(entry)}
    assert marked - named == set()
    in_spec = {claim for claim in named if claim[0].startswith("tests/spec/")}
    assert in_spec - marked == set()


def test_every_test_of_the_specification_says_which_requirement_it_holds() -> None:
    silent = [
        f"{file.name}::{name}"
        for file in sorted((ROOT / "tests" / "spec").glob("test_*.py"))
        for name, ids in _functions(str(file.relative_to(ROOT))).items()
        if not ids
    ]
    assert silent == []
