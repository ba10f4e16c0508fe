"""Skills: instructions for a model that a server publishes as resources (extension ``io.modelcontextprotocol/skills``).

Owns listing them, loading one and reading its files (SEP-2640). Files are read only when they are asked for,
never ahead of need, and nothing of a skill is read before its ``SKILL.md`` was found to be what its entry says:
size, SHA-256 digest, frontmatter. A match proves that entry and content fit together, not that either is to be
trusted. Never runs, follows or shows what a skill says, and honours none of its fields.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

from ..errors import RemoteProtocolError, VerificationError
from ..models import Json, JsonObject, as_list, as_object, as_text
from . import frontmatter
from .lists import ListKind

if TYPE_CHECKING:
    from .session import Session

Read: TypeAlias = Callable[[str], Awaitable[JsonObject]]
"""Reads the resource of that URI, as ``resources/read`` is answered."""

EXTENSION = "io.modelcontextprotocol/skills"
SKILLS = ListKind("skills/list", "skills", "", "")
MANIFEST = "SKILL.md"
DYNAMIC = "dynamic"
"""What stands for ``resources`` where content is generated and nothing can be verified."""
FILES = 512
"""Files of one skill that every host must accept (SEP-2640, Limits); more are not loaded."""
BYTES = 16 * 1024 * 1024
"""Bytes of one skill, likewise."""
PROBLEMS = 5
"""Reasons that are told for refusing one entry."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ENCODED_STEP = re.compile(r"%2e|%2f|%5c", re.IGNORECASE)
_CHANGED = "The skill may have changed since it was listed: list the skills again, then load it."


@dataclass(frozen=True, slots=True)
class _File:
    digest: str
    size: int


@dataclass(slots=True)
class _Skill:
    """An entry that may be loaded. ``files`` is None where the content is generated; ``read``: bytes taken so far."""

    uri: str
    entry: JsonObject
    files: dict[str, _File] | None
    read: int = 0

    @property
    def root(self) -> str:
        return self.uri.removesuffix(f"/{MANIFEST}")


@dataclass(slots=True)
class _Held:
    """What one session knows: entries as last received, and the skills loaded from theirs."""

    entries: dict[str, JsonObject] = field(default_factory=dict)
    loaded: dict[str, _Skill] = field(default_factory=dict)


_HELD: WeakKeyDictionary[Session, _Held] = WeakKeyDictionary()


async def list_skills(session: Session) -> JsonObject:
    """``skills``: the entries of all pages as received; ``rejected``: ``uri`` and ``reason`` of those never loaded.

    An empty listing proves nothing: a skill that is not listed can be loaded by its URI. No file is read.
    """
    skills = await session.lists.pages(SKILLS)
    rejected: list[Json] = []
    entries: dict[str, JsonObject] = {}
    for entry in map(as_object, skills):
        uri, problems = as_text(entry.get("uri")), entry_problems(entry)
        if uri in entries:
            problems = ["this uri was listed before; the first entry counts"]
        elif uri is not None:
            entries[uri] = entry
        if problems:
            rejected.append({"uri": uri, "reason": "; ".join(problems)})
    _held(session).entries = entries
    return {"skills": skills, "rejected": rejected}


async def load_skill(session: Session, uri: str, read: Read | None = None) -> JsonObject:
    """Read the ``SKILL.md`` at ``uri`` and verify it against its entry, the listed one or that of ``skills/get``.

    Gives ``uri``, ``entry`` and ``content`` as received, ``verified`` (false: the content is generated, and only the
    frontmatter could be compared). ``read`` reads its files, None: the session itself does. Raises
    ``VerificationError``; what was loaded from that URI before is let go of.
    """
    held = _held(session)
    held.loaded.pop(uri, None)
    entry = held.entries.get(uri)
    if entry is None:
        entry = as_object((await session.request("skills/get", {"uri": uri})).get("skill"))
        if as_text(entry.get("uri")) != uri:
            raise RemoteProtocolError("skills/get was answered without the entry of that skill (SEP-2640)")
        held.entries[uri] = entry
    skill = _skill(entry)
    content, data = await _content(read or session.read_resource, skill, uri)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise _mismatch(uri, "it is not UTF-8 text") from error
    try:
        found = frontmatter.difference(text, as_object(entry["frontmatter"]))
    except VerificationError as error:
        raise _mismatch(uri, error.title) from error
    if found is not None:
        raise _mismatch(uri, found)
    held.loaded[uri] = skill
    return {"uri": uri, "entry": entry, "content": content, "verified": skill.files is not None}


async def read_skill_file(session: Session, skill: str, uri: str, read: Read | None = None) -> JsonObject:
    """One file of the skill whose ``SKILL.md`` is at ``skill``; that is loaded first where it is not yet.

    ``uri`` may be relative to the skill's folder. Gives ``skill``, ``uri``, ``content`` as received and ``verified``.
    ``read`` as for ``load_skill``. Raises ``VerificationError``, without reading anything where the file is not one of
    the entry's.
    """
    held = _held(session)
    if skill not in held.loaded:
        await load_skill(session, skill, read)
    loaded = held.loaded[skill]
    place = uri if "://" in uri else posixpath.normpath(f"/{uri}")
    target = place if "://" in uri else f"{loaded.root}{place}"
    known = target in loaded.files if loaded.files is not None else _within(loaded.root, target)
    if not known:
        raise VerificationError(
            f"{target!r} is not a file of the skill {skill!r}",
            hint="Only files that the skill's entry lists are read. " + _CHANGED,
        )
    content, _ = await _content(read or session.read_resource, loaded, target)
    return {"skill": skill, "uri": target, "content": content, "verified": loaded.files is not None}


def entry_problems(entry: JsonObject) -> list[str]:
    """What forbids to load the skill of this entry (SEP-2640, Resource Mapping, Frontmatter, Resources, Limits)."""
    uri, described, resources = as_text(entry.get("uri")), entry.get("frontmatter"), entry.get("resources")
    problems: list[str] = []
    if uri is None or "://" not in uri or not uri.endswith(f"/{MANIFEST}"):
        problems.append(f"the entry's uri is not the URI of a {MANIFEST}")
    name = as_text(as_object(described).get("name"))
    if not isinstance(described, dict):
        problems.append("the entry has no frontmatter object")
    elif name is None or as_text(described.get("description")) is None:
        problems.append("the frontmatter lacks a name or a description")
    elif uri is not None and uri.split("/")[-2:-1] != [name]:
        problems.append(f"the skill's folder is not called {name[:80]!r}, as its frontmatter says")
    if isinstance(resources, list):
        problems += _resource_problems(uri or "", resources)
    elif resources != DYNAMIC:
        problems.append(f'resources is neither an array nor "{DYNAMIC}"')
    return problems[:PROBLEMS]


def _resource_problems(uri: str, resources: list[Json]) -> list[str]:
    if len(resources) > FILES:
        return [f"the skill has {len(resources):,} files; at most {FILES} are supported"]
    root = uri.removesuffix(f"/{MANIFEST}")
    problems: list[str] = []
    seen: set[str] = set()
    total = 0
    for place, item in enumerate(resources):
        one = as_object(item)
        file, digest, size = as_text(one.get("uri")), as_text(one.get("digest")), one.get("size")
        if file is None or not _within(root, file):
            problems.append(f"resources[{place}] is not a file within the skill's folder")
        elif file in seen:
            problems.append(f"resources[{place}] is listed twice")
        if digest is None or _DIGEST.fullmatch(digest) is None:
            problems.append(f"resources[{place}] has no sha256 digest")
        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            problems.append(f"resources[{place}] has no size")
        else:
            total += size
        seen.add(file or "")
    if uri not in seen:
        problems.append(f"resources does not list the {MANIFEST} itself")
    if total > BYTES:
        problems.append(f"the skill has {total:,} bytes; at most {BYTES:,} are supported")
    return problems


def _within(root: str, uri: str) -> bool:
    """Whether ``uri`` stands below the folder ``root``, without steps that a server might resolve to elsewhere."""
    below = uri.removeprefix(f"{root}/")
    if below == uri or _ENCODED_STEP.search(below) or "\\" in below or "?" in below or "#" in below:
        return False
    return all(step not in {"", ".", ".."} for step in below.split("/"))


def _skill(entry: JsonObject) -> _Skill:
    uri = as_text(entry.get("uri")) or ""
    problems = entry_problems(entry)
    if problems:
        raise VerificationError(
            f"the skill {uri!r} is not loaded: {'; '.join(problems)}",
            hint="Nothing of it was read. Its entry in the server's listing must be corrected.",
        )
    resources = entry["resources"]
    if not isinstance(resources, list):
        return _Skill(uri, entry, None)
    files: dict[str, _File] = {}
    for one in map(as_object, as_list(resources)):
        size = one["size"]
        assert isinstance(size, int)
        files[str(one["uri"])] = _File(str(one["digest"]), size)
    return _Skill(uri, entry, files)


async def _content(read: Read, skill: _Skill, uri: str) -> tuple[JsonObject, bytes]:
    """The content of one file as received and its bytes, verified where the entry has a digest."""
    result = await read(uri)
    contents = [as_object(item) for item in as_list(result.get("contents"))]
    named = [item for item in contents if item.get("uri") == uri]
    if len(named) != 1:
        raise _mismatch(uri, f"it was answered with {len(contents)} contents, {len(named)} of them for this URI")
    content = named[0]
    data = _bytes(uri, content)
    skill.read += len(data)
    if skill.files is None:
        if skill.read > BYTES:
            raise _mismatch(uri, f"with it the skill has {skill.read:,} bytes; at most {BYTES:,} are supported")
        return content, data
    file = skill.files[uri]
    if len(data) != file.size:
        raise _mismatch(uri, f"it has {len(data):,} bytes, its entry says {file.size:,}")
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if digest != file.digest:
        raise _mismatch(uri, f"its digest is {digest}, its entry says {file.digest}")
    return content, data


def _bytes(uri: str, content: JsonObject) -> bytes:
    text, blob = content.get("text"), content.get("blob")
    try:
        if isinstance(text, str) and blob is None:
            return text.encode()
        if isinstance(blob, str) and text is None:
            return base64.b64decode(blob, validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise _mismatch(uri, "its content cannot be turned into bytes") from error
    raise _mismatch(uri, "it was answered with neither text nor blob, or with both")


def _mismatch(uri: str, what: str) -> VerificationError:
    return VerificationError(f"{uri!r} is not what its skill's entry says: {what}", hint=_CHANGED)


def _held(session: Session) -> _Held:
    return _HELD.setdefault(session, _Held())
