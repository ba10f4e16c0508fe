"""The order of the gates: unusable, suppressed, blocked, rejected, disabled, pending approval.

Owns which one an entry stands behind. Never reads a file and remembers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..config.merge import configured_name
from ..config.models import RawEntry
from ..config.several import written_addresses
from ..errors import PolicyDenied
from ..models import OFFERED, ErrorInfo, ServerEntry, Status, StdioTarget, as_list, as_object, as_text
from .approval import Approval
from .refusals import rejected, unknown_switch
from .rules import Policy, Subject, Words
from .toggles import KEPT
from .trust import Decision


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that decides about servers, at one moment. ``switches``: name -> on or off, as remembered.

    ``unknown``: why it is not known what was switched off.
    """

    policy: Policy
    approval: Approval
    switches: Mapping[str, bool]
    unknown: str | None = None

    def may_be_off(self, entry: ServerEntry) -> bool:
        """Whether it was switched off cannot be told, so that it must not be started."""
        return self.unknown is not None and entry.source in KEPT


class Gates:
    """Decides with one ``Standing``; ``raw`` are the entries as written, by the name of their row.

    ``switched`` are the switches of this run, ``lets_through`` says what is approved for this run only.
    """

    def __init__(
        self,
        standing: Standing,
        raw: Mapping[str, RawEntry],
        switched: Mapping[str, bool],
        lets_through: Callable[[ServerEntry], bool],
    ) -> None:
        self._standing = standing
        self._raw = raw
        self._switched = switched
        self._lets_through = lets_through

    def gated(self, entry: ServerEntry) -> ServerEntry:
        """``entry`` with the first gate that it does not pass."""
        if entry.problem is not None:  # unusable or suppressed: nothing a person decides here changes that
            return entry if entry.gate is not None else replace(entry, gate=Status.NOT_CONFIGURED)
        if entry.target is None:  # a part of another client: there is nothing to allow, to deny or to switch on
            return entry
        denial = self._denial(entry)
        if denial is not None:
            return replace(entry, gate=Status.BLOCKED, blocked=ErrorInfo.of(denial))
        if entry.source in OFFERED:
            return replace(entry, gate=Status.DISABLED)
        gate = entry.gate
        enabled = self._switched.get(entry.name, self._standing.switches.get(entry.name))
        if enabled is not None:
            gate = None if enabled else Status.DISABLED
        if gate is None and self._standing.may_be_off(entry):
            gate = Status.DISABLED
            entry = replace(entry, blocked=unknown_switch(entry, self._standing.unknown or ""))
        if entry.needs_approval:
            verdict = self._standing.approval.verdict(entry)
            if verdict.decision is Decision.REJECTED:
                why = ErrorInfo.of(rejected(entry, verdict.by)) if verdict.by else None
                return replace(entry, gate=Status.REJECTED, blocked=why)
            if gate is None and verdict.decision is None and not self._lets_through(entry):
                gate = Status.PENDING_APPROVAL
            if verdict.lints and gate is Status.PENDING_APPROVAL:
                entry = replace(entry, lints=(*entry.lints, *verdict.lints))
        return entry if gate is entry.gate else replace(entry, gate=gate)

    def _denial(self, entry: ServerEntry) -> PolicyDenied | None:
        """Why policy forbids the server: one of several addresses that must not be reached forbids all of it."""
        policy = self._standing.policy
        if policy.open:
            return None
        name, written = configured_name(entry), self._written(entry)
        targets = [one.target for one in entry.instances] or [entry.target]
        found = (policy.judge(Subject(name, target, written)) for target in targets)
        return next((denial for denial in found if denial is not None), None)

    def _written(self, entry: ServerEntry) -> Words | None:
        """Command or URL as it stands in the file, before variables were put in."""
        raw = self._raw.get(entry.name)
        if raw is None:
            return None
        value = as_object(raw.value)
        if isinstance(entry.target, StdioTarget):
            command, args = as_text(value.get("command")), as_list(value.get("args"))
            if command is None or not all(isinstance(arg, str) for arg in args):
                return None
            return (command, *(str(arg) for arg in args))
        return written_addresses(value) or None
