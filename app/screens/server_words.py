"""What a person must see of an entry before something is decided about it.

Owns the labels. Pure: a snapshot in, labels and texts out; texts come from files of others.
"""

from __future__ import annotations

from ...services.models import TransportKind, as_text
from ...services.state.model import ServerState


def facts_of(server: ServerState) -> tuple[tuple[str, str], ...]:
    """Labels and texts: everything that a person approves or takes away, unexpanded and masked."""
    if server.provenance.shown:
        return tuple((_heading(label), text) for label, text in server.provenance.shown)
    runs = server.transport in (TransportKind.STDIO, TransportKind.IN_PROCESS)
    facts = [("Command" if runs else "URL", server.endpoint)]
    if server.env_names:
        facts.append(("Environment it is given", "\n".join(server.env_names)))
    facts.append(("File", str(server.origin) or server.source.value))
    return tuple(facts)


def written_name(server: ServerState) -> str:
    """The name as it stands in the file: a suppressed row carries a longer, unique one."""
    name = as_text(server.error.details.get("entry")) if server.error is not None and server.suppressed_by else None
    return name or server.replica_of or server.id


def _heading(label: str) -> str:
    return label.upper() if label == "url" else label[:1].upper() + label[1:]
