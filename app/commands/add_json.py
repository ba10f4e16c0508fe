"""``mcpdeck add-json [NAME] JSON``: put a server into a file of one's own, from its JSON or a README's snippet.

Owns which server of a snippet is meant. Nothing is started or contacted, and variables are written as they are.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from ...services.config.contents import MAX_BYTES
from ...services.config.files import with_home
from ...services.errors import UsageError
from ..editing import Editing
from ..exits import Exit
from ..options import Options
from ..resolve import configured
from ..written_entries import Put, tell_put

if TYPE_CHECKING:
    from ...services.config.snippets import Snippet

USAGE = "mcpdeck add-json NAME JSON, or @FILE, or - for stdin; without NAME where the JSON carries it"
_A_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


def run(options: Options) -> int:
    """Exit code 2 for a text without a server, an entry that could not be used, and a name that is taken already."""
    given, word = _name_and_json(options)
    deck, _ = configured(Options(options.command, dry_run=True), None)
    editing = Editing(deck)
    found = editing.paste(_text(word))
    name = given or _carried(found)
    chosen = _chosen(found, name)
    scope = options.scope or "local"
    change = editing.add(name, chosen.value, scope, force=options.force, dry_run=options.dry_run)
    lints = (*chosen.lints, *editing.check(name, chosen.value)[1])
    tell_put(Put(name, scope, chosen.value, change, tuple(dict.fromkeys(lints))), editing, options)
    return Exit.DONE


def _name_and_json(options: Options) -> tuple[str | None, str]:
    """The name, None where only the JSON was given. Raises ``UsageError``."""
    if options.program is not None:
        raise UsageError("no command can follow -- here", hint="mcpdeck add NAME -- COMMAND ARGS…")
    *given, word = list(options.words) or [""]
    if not word and not given:
        raise UsageError("which server? NAME and JSON are missing", hint=USAGE)
    if not given and _A_NAME.fullmatch(word):
        raise UsageError(f'the JSON of "{word}" is missing', hint=USAGE)
    return (given[0] if given else None), word


def _carried(found: tuple[Snippet, ...]) -> str:
    """What the only server is called where it stands. Raises ``UsageError``."""
    if len(found) != 1:
        names = ", ".join(one.name or "one without a name" for one in found)
        raise UsageError(f"NAME is missing: it holds {len(found)} servers", hint=f"NAME is one of: {names}")
    name = found[0].name
    if not name:
        raise UsageError("NAME is missing: the JSON carries none", hint=USAGE)
    return name


def _text(word: str) -> str:
    """The JSON itself, or what stands in the file or comes on stdin. Raises ``UsageError``."""
    if word == "-":
        return _decoded(sys.stdin.buffer.read(MAX_BYTES + 1), "stdin")
    if not word.startswith("@"):
        return word
    path = with_home(word[1:])
    try:
        with path.open("rb") as stream:
            return _decoded(stream.read(MAX_BYTES + 1), str(path))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}", hint="check the path") from None


def _decoded(data: bytes, where: str) -> str:
    if len(data) > MAX_BYTES:
        raise UsageError(f"{where} is larger than {MAX_BYTES // 1024 // 1024} MiB", hint="an entry is far smaller")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{where} is not UTF-8", hint="save it as UTF-8") from None


def _chosen(found: tuple[Snippet, ...], name: str) -> Snippet:
    """The only one, whatever it is called there; of several the one of that name."""
    if len(found) == 1:
        return found[0]
    for one in found:
        if one.name == name:
            return one
    names = ", ".join(one.name or "one without a name" for one in found)
    raise UsageError(f'it holds {len(found)} servers, and none of them is "{name}"', hint=f"NAME is one of: {names}")
