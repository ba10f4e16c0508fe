"""What a scenario of the conformance framework is here, and what has to be seen for a pair to count.

Owns the shapes and the wires. The framework's own verdict is too lenient: it passes a run with no checks at all,
and it ignores how the client ended.
"""

from __future__ import annotations

from dataclasses import dataclass

FRAMEWORK = "0.2.0-alpha.12"
MARCH, JUNE, NOVEMBER, STATELESS = WIRES = ("2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
VALID = "wire-schema-valid"
"""Every message of ours fits the schema of its revision; only some scenarios look at that."""


@dataclass(frozen=True)
class Refusal:
    """The client is right to end with a failure: of this kind, with this exit code, saying why.

    ``says``: a regular expression that the message of each failed operation must have in it.
    """

    kind: str
    code: int
    says: str = ""


@dataclass(frozen=True)
class Scenario:
    """``required``: check ids, or ``id#name`` where one id has several checks; each must be seen as SUCCESS.

    ``stateless``: those that must be seen on that wire only, ``refuses``: how the client must end, because something
    of the server's is to be refused; None: with all done.
    """

    name: str
    wires: tuple[str, ...]
    required: tuple[str, ...]
    refuses: Refusal | None = None
    extension: bool = False
    stateless: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """One scenario on one wire: the protocol revision that the framework's server speaks."""

    scenario: Scenario
    wire: str

    @property
    def id(self) -> str:
        return f"{self.scenario.name}@{self.wire}"

    @property
    def pin(self) -> tuple[str, str]:
        """The option that tells the client which version to speak."""
        if self.scenario.extension and self.wire == MARCH:
            # These servers answer a handshake for 2025-03-26 with 2026-07-28, which no handshake may agree on.
            return "--era", "legacy"
        return "--protocol-version", self.wire

    @property
    def required(self) -> tuple[str, ...]:
        more = self.scenario.stateless if self.wire == STATELESS else ()
        return (*self.scenario.required, *more)
