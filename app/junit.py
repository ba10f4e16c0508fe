"""What came of a run of saved calls, as a JUnit XML file: what build servers read.

Owns the file. Never judges.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from ..services.collections.running import Outcome, Ran
from ..services.config.files import with_home
from ..services.errors import UsageError

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to say."""


def write_junit(where: str, name: str, done: Sequence[Ran]) -> None:
    """Write the file ``where``. Raises ``UsageError``."""
    path = with_home(where)
    seconds = sum(ran.state.duration_ms or 0.0 for ran in done if ran.state is not None) / 1000
    counts = {outcome: sum(ran.outcome is outcome for ran in done) for outcome in Outcome}
    suite = ET.Element(
        "testsuite",
        name=_text(name),
        tests=str(len(done)),
        failures=str(counts[Outcome.FAILED]),
        errors=str(counts[Outcome.BROKEN]),
        skipped=str(counts[Outcome.SKIPPED]),
        time=f"{seconds:.3f}",
    )
    for ran in done:
        took = (ran.state.duration_ms or 0.0) / 1000 if ran.state is not None else 0.0
        case = ET.SubElement(
            suite,
            "testcase",
            classname=_text(f"{name}.{ran.call.server}"),
            name=_text(ran.call.name),
            time=f"{took:.3f}",
        )
        tag = {Outcome.FAILED: "failure", Outcome.BROKEN: "error", Outcome.SKIPPED: "skipped"}.get(ran.outcome)
        if tag is not None:
            lines = [f"expected: {one.assertion.words}\n{one.said}\n" + "\n".join(one.diff) for one in ran.failures]
            said = ran.why or (ran.failures[0].assertion.words if ran.failures else "")
            ET.SubElement(case, tag, message=_text(said)).text = _text("\n".join(lines) or ran.why)
    root = ET.Element("testsuites", name="mcpdeck")
    root.append(suite)
    try:
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}", hint="check the path") from None


def _text(text: str) -> str:
    return _NO_XML.sub("�", text)
