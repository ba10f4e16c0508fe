"""Every offered cell of the interop matrix passes, and README.md says so."""

from __future__ import annotations

from collections.abc import Mapping

import anyio
import pytest

from tests.interop.conftest import absent
from tests.interop.install import HERE
from tests.interop.matrix import run_all
from tests.interop.recipes import FEATURES, TRANSPORTS, Row
from tests.interop.report import PASS, Cells, readme
from tests.interop.rows import PEERS, ROWS

pytestmark = pytest.mark.interop


def offered(row: Row) -> set[str]:
    return {feature for feature in FEATURES if row.absent(feature) is None}


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Mapping[str, Cells]:
    """The cells of every row that was selected, run two at a time."""
    chosen = [item.callspec.params.get("row") for item in request.session.items if hasattr(item, "callspec")]
    rows = tuple(row for row in chosen if isinstance(row, Row) and not row.peer.missing)
    return anyio.run(run_all, rows, lambda *_: None)


@pytest.mark.timeout(600)  # the first one waits for the whole run, in which each wait is bounded
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_offered_cell_of_the_row_passes(row: Row, results: Mapping[str, Cells]) -> None:
    if row.peer.missing:
        absent(row.peer.missing)
    cells = results[row.id]
    assert cells.keys() == offered(row)
    assert {feature: cell for feature, cell in cells.items() if cell != PASS} == {}


def test_the_readme_is_that_of_a_run_in_which_every_offered_cell_passes() -> None:
    passed = {row.id: dict.fromkeys(offered(row), PASS) for row in ROWS}
    written = (HERE / "README.md").read_text(encoding="utf-8")
    assert written == readme(passed), "run: python -m tests.interop.matrix"


def test_every_transport_and_both_eras_have_a_row() -> None:
    assert {row.way.transport for row in ROWS} == set(TRANSPORTS)
    assert {row.revision for row in ROWS} == {"2025-11-25", "2026-07-28"}


def test_what_a_server_offers_has_a_recipe_and_nothing_else_has() -> None:
    for peer in PEERS:
        for feature in FEATURES[1:]:
            somewhere = any(feature in offered(row) for row in ROWS if row.peer is peer)
            assert (getattr(peer.recipe, feature) is not None) == somewhere, f"{peer.name}: {feature}"
