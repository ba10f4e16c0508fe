"""The garbage collector while the dashboard is shown, and afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from mcpdeck.app.main import collecting_rarely


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """As a program begins: what the tests have frozen of their own is out of the way."""
    gc.unfreeze()
    yield
    gc.freeze()


def test_full_collections_are_rare_meanwhile_and_all_is_as_before_afterwards() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    with collecting_rarely() as keep:
        keep()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[2] > before[0][2]
        assert gc.isenabled()
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_what_an_embedding_program_keeps_itself_stays_kept() -> None:
    gc.freeze()
    try:
        with collecting_rarely() as keep:
            keep()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
