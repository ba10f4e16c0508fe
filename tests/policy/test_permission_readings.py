"""One file and one address have many spellings: a rule that forbids means them all."""

from __future__ import annotations

import pytest

from mcpdeck.services.policy.argument_patterns import Pattern
from tests.policy.permitting import effect, permitting, resource, tool

FILES = [
    "file:///etc/passwd",
    "FILE:///ETC/passwd",
    "file:/etc/passwd",
    "file:////etc/passwd",
    "file://localhost/etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "file:///srv/../etc/passwd",
    "file:///srv/..//../etc/passwd",
    "file:///%65tc/passwd",
    " file:/etc/passwd",
    "file:\t///etc/passwd",
    "file:%2F%2F%2Fetc%2Fpasswd",
    "file:\\\\\\etc\\passwd",
    "file:/etc",
    "/etc/passwd",
    "../../etc/passwd",
]
ADDRESSES = [
    "https://evil.example/x",
    "https://EVIL.example/x",
    "https://evil.example:443/x",
    "https://a@evil.example/x",
    "https://evil.example./x",
    "https://evil.example?x",
    "https://evil.example#x",
    "https://evil.example",
    "https:///evil.example/x",
    "https:evil.example/x",
    "https:\\\\evil.example\\x",
    "https://good.example\\@evil.example/x",
    "https://%65vil.example:443/x",
    "h\tttps://a@evil.example/x",
    " https://evil.example:443/x",
]
SAME = [
    *((pattern, uri) for pattern in ("file:///etc/**", "file:/etc/**", "FILE://localhost/etc/**") for uri in FILES),
    *(("/etc/**", uri) for uri in FILES),
    *(("https://evil.example/**", url) for url in ADDRESSES),
    *(("https://evil.example:443/**", url) for url in ADDRESSES),
    *(("https://evil.example./**", url) for url in ADDRESSES),
]


@pytest.mark.parametrize(("pattern", "value"), SAME, ids=[str(index) for index in range(len(SAME))])
def test_another_spelling_of_what_is_denied_is_denied(pattern: str, value: str) -> None:
    resources = permitting(deny=[f"resource:mcp__files(uri:{pattern})"])
    tools = permitting(deny=[f"mcp__files__fetch(at:{pattern})"])
    assert effect(resources, resource(value)) == "deny"
    assert effect(tools, tool("fetch", arguments={"at": value})) == "deny"


# the glob of a condition, a value, whether an allow and a deny match it
VALUES: list[tuple[str, str, bool, bool]] = [
    ("file:///etc/**", "/etc/passwd", False, True),
    ("file:///etc/**", "file:///etcetera", False, False),
    ("file:///etc/**", "file:///srv/etc/x", False, False),
    ("file:///etc/*", "file:/etc/a/b", False, False),
    ("file:///srv/my%20data/**", "file:///srv/my data/x", False, True),
    ("file:///C:/data/**", "C:\\data\\x", False, True),
    ("https://evil.example:443/**", "https://evil.example/x", False, True),
    ("https://evil.example./**", "https://evil.example/x", False, True),
    ("https://evil.example/*", "https://a@evil.example/x/y", False, False),
    ("https://evil.example/**", "https://evil.example:8443/x", False, False),
    ("https://evil.example/**", "http://evil.example/x", False, False),
    ("https://evil.example/**", "https://good.example/?u=https://evil.example/x", False, False),
    ("http://127.0.0.1/**", "http://2130706433/x", False, True),
    ("http://[::1]:80/**", "http://[0:0::1]/x", False, True),
    ("**.evil.example/**", "https://a.evil.example:443/x", False, True),
    ("https://*.good.example/**", "https://a.good.example/x", True, True),
    ("https://*.good.example/**", "https://evil.example?.good.example/", False, True),
    ("https://*.good.example/**", "https://evil.example#.good.example/x", False, True),
    ("https://*.good.example/**", "https://a@evil.example:1?.good.example/x", False, True),
    ("https://good.example/**", "https://good.example/%00", False, True),
    ("https://good.example:443/**", "https://good.example:443/x", True, True),
]


@pytest.mark.parametrize(
    ("pattern", "value", "allows", "forbids"), VALUES, ids=[f"{index}-{row[0]}" for index, row in enumerate(VALUES)]
)
def test_an_allow_needs_every_reading_of_an_address_and_a_deny_one(
    pattern: str, value: str, allows: bool, forbids: bool
) -> None:
    found = Pattern(pattern)
    assert (found.allows(value), found.forbids(value)) == (allows, forbids)
