"""Skills of scripted servers: what is read, when, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.eras.negotiate import Wish
from mcpdeck.services.errors import RemoteProtocolError, RPCError, VerificationError
from mcpdeck.services.models import EraMode
from mcpdeck.services.session.frontmatter import FRONTMATTER, block_of, difference
from mcpdeck.services.session.skills import BYTES, FILES, entry_problems, list_skills, load_skill, read_skill_file
from tests.eras.test_negotiation import DISCOVER, server
from tests.playbooks.opened import opened
from tests.playbooks.scripted import error, result

pytestmark = pytest.mark.anyio

ROOT = "skill://acme/pdf"
SKILL = f"{ROOT}/SKILL.md"
FORMS = f"{ROOT}/references/FORMS.md"
LOGO = f"{ROOT}/logo.bin"
FRONT = {"name": "pdf", "description": "Fill forms", "metadata": {"version": 2, "tags": ["a", "b"]}}
BODY = "---\nname: pdf\ndescription: Fill forms\nmetadata:\n  version: 2\n  tags: [a, b]\n---\n\nDo it – so.\n"
FILES_OF_IT = {SKILL: BODY.encode(), FORMS: b"Forms.\n", LOGO: b"\x00\xff\x01"}


def triple(uri: str, data: bytes) -> dict[str, Any]:
    return {"uri": uri, "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}


def entry(**changes: Any) -> dict[str, Any]:
    resources = [triple(uri, data) for uri, data in FILES_OF_IT.items()]
    return {"uri": SKILL, "frontmatter": FRONT, "resources": resources, **changes}


class Peer:
    """A stateless server with skills: what it lists, what ``skills/get`` gives, what its files hold."""

    def __init__(self, *entries: Any, got: Any = None, files: dict[str, Any] | None = None) -> None:
        self.entries = list(entries)
        self.got = got
        self.files: dict[str, Any] = {**FILES_OF_IT, **(files or {})}
        self.reads: list[str] = []
        self._other = server(lambda m: error(m, -32601))

    def __call__(self, message: dict[str, Any]) -> Any:
        params = message.get("params", {})
        match message.get("method"):
            case "server/discover":
                return result(message, {**DISCOVER, "capabilities": {"resources": {}}})
            case "skills/list":
                place = int(params.get("cursor", 0))
                page: dict[str, Any] = {"resultType": "complete", "skills": self.entries[place : place + 1]}
                if place + 1 < len(self.entries):
                    page["nextCursor"] = str(place + 1)
                return result(message, page)
            case "skills/get":
                if self.got is None:
                    return error(message, -32602, "no such skill")
                return result(message, {"resultType": "complete", "skill": self.got})
            case "resources/read":
                uri = params["uri"]
                self.reads.append(uri)
                held = self.files[uri]
                if isinstance(held, bytes):
                    is_text = uri.endswith(".md")
                    text = held.decode("utf-8", "surrogateescape") if is_text else base64.b64encode(held).decode()
                    held = [{"uri": uri, "text" if is_text else "blob": text}]
                return result(message, {"resultType": "complete", "contents": held})
            case _:
                return self._other(message)


async def test_listing_reads_every_page_and_no_file() -> None:
    other = entry(uri="skill://b/SKILL.md", frontmatter={"name": "b", "description": "x"}, resources="dynamic")
    peer = Peer(entry(), other)
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        assert await list_skills(it.session) == {"skills": [entry(), other], "rejected": []}
    assert peer.reads == []


async def test_a_skill_is_loaded_as_received_and_its_files_only_when_they_are_read() -> None:
    peer = Peer(entry())
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        await list_skills(it.session)
        loaded = await load_skill(it.session, SKILL)
        assert loaded == {
            "uri": SKILL,
            "entry": entry(),
            "content": {"uri": SKILL, "text": BODY},
            "verified": True,
        }
        assert peer.reads == [SKILL]
        forms = await read_skill_file(it.session, SKILL, "references/FORMS.md")
        assert forms == {
            "skill": SKILL,
            "uri": FORMS,
            "content": {"uri": FORMS, "text": "Forms.\n"},
            "verified": True,
        }
        logo = await read_skill_file(it.session, SKILL, LOGO)
        assert logo["verified"] is True
    assert peer.reads == [SKILL, FORMS, LOGO]


async def test_a_file_is_read_only_after_its_skill_was_verified() -> None:
    peer = Peer(entry())
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        await list_skills(it.session)
        await read_skill_file(it.session, SKILL, FORMS)
    assert peer.reads == [SKILL, FORMS]


async def test_a_skill_that_no_listing_names_is_looked_up_by_its_uri() -> None:
    peer = Peer(got=entry())
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        assert (await list_skills(it.session))["skills"] == []
        assert (await load_skill(it.session, SKILL))["verified"] is True


async def test_a_uri_that_is_no_skill_is_not_read() -> None:
    peer = Peer()
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        with pytest.raises(RPCError):
            await load_skill(it.session, SKILL)
        peer.got = entry(uri="skill://acme/other/SKILL.md")
        with pytest.raises(RemoteProtocolError):
            await load_skill(it.session, SKILL)
    assert peer.reads == []


TAMPERED = {
    "digest": (BODY.replace("so", "no").encode(), "digest"),
    "padded": (BODY.encode() + b" ", "bytes"),
    "truncated": (BODY.encode()[:-1], "bytes"),
    "empty": ([], "contents"),
    "another uri": ([{"uri": FORMS, "text": BODY}], "contents"),
    "twice": ([{"uri": SKILL, "text": BODY}] * 2, "contents"),
    "text and blob": ([{"uri": SKILL, "text": BODY, "blob": ""}], "neither"),
    "neither": ([{"uri": SKILL}], "neither"),
    "no base64": ([{"uri": SKILL, "blob": "a?"}], "bytes"),
    "a lone surrogate": ([{"uri": SKILL, "text": BODY.replace("so", "\ud800")}], "bytes"),
}


@pytest.mark.parametrize("case", TAMPERED)
async def test_content_that_is_not_what_the_entry_says_is_refused_and_nothing_else_is_read(case: str) -> None:
    data, said = TAMPERED[case]
    peer = Peer(entry(), files={SKILL: data})
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        await list_skills(it.session)
        with pytest.raises(VerificationError, match=said):
            await load_skill(it.session, SKILL)
        with pytest.raises(VerificationError):
            await read_skill_file(it.session, SKILL, FORMS)
    assert set(peer.reads) == {SKILL}


@pytest.mark.parametrize(
    "body",
    [
        BODY.replace("Fill forms", "Send secrets"),
        BODY.replace("metadata:", "allowed-tools: Bash\nmetadata:"),
        BODY.replace("  version: 2\n", ""),
        BODY.replace("version: 2", 'version: "2"'),
        BODY.replace("[a, b]", "[a, b, c]"),
        BODY.replace("name: pdf", "name: pdf\nname: pdf"),
        BODY.replace("name: pdf", "name: !!python/object:os.system pdf"),
        BODY.replace("---\n\n", "\n\n"),
        BODY.removeprefix("---\n"),
        BODY.replace("[a, b]", "[" * 5_000),
        BODY.replace("[a, b]", "a\n- b: ["),
    ],
)
async def test_frontmatter_that_is_not_the_entrys_is_refused(body: str) -> None:
    data = body.encode()
    peer = Peer(entry(resources=[triple(SKILL, data), triple(FORMS, b"Forms.\n")]), files={SKILL: data})
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        await list_skills(it.session)
        with pytest.raises(VerificationError):
            await load_skill(it.session, SKILL)
    assert peer.reads == [SKILL]


async def test_a_file_that_the_entry_does_not_list_is_never_asked_for() -> None:
    peer = Peer(entry())
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        await list_skills(it.session)
        await load_skill(it.session, SKILL)
        for uri in ("other.md", f"{ROOT}/references/../references/FORMS.md", "file:///etc/passwd", "../x/SKILL.md"):
            with pytest.raises(VerificationError):
                await read_skill_file(it.session, SKILL, uri)
    assert peer.reads == [SKILL]


async def test_a_changed_file_is_refused_until_the_skill_is_loaded_from_a_new_entry() -> None:
    peer = Peer(entry())
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        await list_skills(it.session)
        await load_skill(it.session, SKILL)
        peer.files[FORMS] = b"New forms.\n"
        peer.entries = [entry(resources=[triple(SKILL, BODY.encode()), triple(FORMS, b"New forms.\n")])]
        await list_skills(it.session)
        # The entry the skill was loaded from counts for as long as it is in use.
        with pytest.raises(VerificationError, match="entry says"):
            await read_skill_file(it.session, SKILL, FORMS)
        await load_skill(it.session, SKILL)
        assert (await read_skill_file(it.session, SKILL, FORMS))["verified"] is True


async def test_a_generated_skill_is_loaded_as_unverified_and_stays_in_its_folder() -> None:
    peer = Peer(entry(resources="dynamic"))
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        await list_skills(it.session)
        assert (await load_skill(it.session, SKILL))["verified"] is False
        assert (await read_skill_file(it.session, SKILL, "references/FORMS.md"))["verified"] is False
        for uri in ("skill://acme/other/x.md", f"{ROOT}/%2e%2e/x.md", f"{ROOT}/../x.md", f"{ROOT}x/a.md"):
            with pytest.raises(VerificationError):
                await read_skill_file(it.session, SKILL, uri)
    assert peer.reads == [SKILL, FORMS]


async def test_a_generated_skill_ends_at_the_size_that_every_host_supports() -> None:
    peer = Peer(entry(resources="dynamic"), files={LOGO: bytes(BYTES)})
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        await list_skills(it.session)
        with pytest.raises(VerificationError, match="at most"):
            await read_skill_file(it.session, SKILL, LOGO)


BROKEN = {
    "no uri": {"uri": None},
    "not a manifest": {"uri": f"{ROOT}/OTHER.md"},
    "no frontmatter": {"frontmatter": None},
    "no description": {"frontmatter": {"name": "pdf"}},
    "another name": {"frontmatter": {**FRONT, "name": "other"}},
    "no resources": {"resources": None},
    "a word": {"resources": "static"},
    "without itself": {"resources": [triple(FORMS, b"")]},
    "twice": {"resources": [triple(SKILL, b""), triple(SKILL, b"")]},
    "outside": {"resources": [triple(SKILL, b""), triple("skill://acme/other.md", b"")]},
    "a step up": {"resources": [triple(SKILL, b""), triple(f"{ROOT}/../pdf2/x.md", b"")]},
    "upper case": {"resources": [{**triple(SKILL, b""), "digest": "sha256:" + "A" * 64}]},
    "another hash": {"resources": [{**triple(SKILL, b""), "digest": "md5:" + "a" * 32}]},
    "no size": {"resources": [{"uri": SKILL, "digest": triple(SKILL, b"")["digest"]}]},
    "a size that is a truth": {"resources": [{**triple(SKILL, b""), "size": True}]},
    "a negative size": {"resources": [{**triple(SKILL, b""), "size": -1}]},
    "too large": {"resources": [{**triple(SKILL, b""), "size": BYTES + 1}]},
    "too many": {"resources": [triple(f"{ROOT}/{number}", b"") for number in range(FILES)] + [triple(SKILL, b"")]},
}


@pytest.mark.parametrize("case", BROKEN)
async def test_an_entry_that_breaks_a_rule_is_shown_told_and_never_read(case: str) -> None:
    broken = entry(**BROKEN[case])
    peer = Peer(broken)
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        listed: Any = await list_skills(it.session)
        assert listed["skills"] == [broken]
        assert len(listed["rejected"]) == 1 and listed["rejected"][0]["reason"]
        with pytest.raises((VerificationError, RPCError)):
            await load_skill(it.session, broken["uri"] or SKILL)
    assert peer.reads == []


async def test_a_uri_that_is_listed_twice_keeps_its_first_entry() -> None:
    peer = Peer(entry(), entry(resources="dynamic"))
    async with opened(peer) as it:
        await it.session.open(Wish(EraMode.MODERN))
        listed: Any = await list_skills(it.session)
        assert [item["uri"] for item in listed["rejected"]] == [SKILL]
        assert (await load_skill(it.session, SKILL))["verified"] is True


SCALARS = [
    ("2", 2),
    ("2.0", 2),
    ("1e3", 1000.0),
    ("0x1F", 31),
    ("0o17", 15),
    ("0123", 123),
    ("12345678901234567890123", 1.2345678901234568e22),
    ("true", True),
    ("yes", "yes"),
    ("~", None),
    ("", None),
    ("2024-01-15", "2024-01-15"),
    ("'2'", "2"),
    ("!!str 2", "2"),
    ("12:30", "12:30"),
    ("9" * 5_000, "9" * 5_000),
    ("|\n  a\n  b", "a\nb\n"),
    ("&x [1, *x]", [1, [1, [1]]]),
]


@pytest.mark.parametrize(("written", "meant"), SCALARS[:-1])
def test_plain_scalars_mean_what_yaml_1_2_says(written: str, meant: Any) -> None:
    assert difference(f"---\na: {written}\n---\n", {"a": meant}) is None


@pytest.mark.parametrize(
    ("written", "meant"), [("2", "2"), ("1", True), ("true", 1), ("yes", True), ("0", False), ("2", None), SCALARS[-1]]
)
def test_values_that_only_look_alike_differ(written: str, meant: Any) -> None:
    assert difference(f"---\na: {written}\n---\n", {"a": meant}) is not None


def test_aliases_cost_no_more_than_the_entry_they_are_compared_with() -> None:
    bomb = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10 if n else ['x'] * 10)}]" for n in range(30))
    assert difference(f"---\n{bomb}\n---\n", {f"a{n}": [] for n in range(30)}) is not None


def test_frontmatter_has_an_end_and_a_limit() -> None:
    assert block_of("\ufeff--- \r\nname: x\r\n---\r\nbody") == "name: x\r\n"
    for text in ("", "---", "----\nname: x\n---\n", "---\nname: x\n", "---\n" + "x" * FRONTMATTER + "\n---\n"):
        with pytest.raises(VerificationError):
            block_of(text)


# What YAML takes unescaped: a JSON escape outside the first plane is two characters to it.
plain = st.text(st.characters(min_codepoint=32, max_codepoint=126))
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(plain, json_values, max_size=4))
def test_json_written_as_yaml_flow_agrees_with_itself(value: Any) -> None:
    assert difference(f"---\n{json.dumps(value)}\n---\n", value) is None


@given(st.text(), st.dictionaries(st.text(), json_values, max_size=3))
def test_no_frontmatter_raises_anything_but_a_verification_error(text: str, value: Any) -> None:
    try:
        difference(f"---\n{text}\n---\n", value)
    except VerificationError:
        pass


@given(st.dictionaries(st.sampled_from(["uri", "frontmatter", "resources"]), json_values))
def test_no_entry_raises(value: Any) -> None:
    assert entry_problems(value)
