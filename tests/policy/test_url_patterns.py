"""What a ``serverUrl`` allows and denies; above all what it must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpdeck.services.policy.url_patterns import Address, UrlPattern, glob

ALLOWED = [
    # the cases of Claude Code's documentation, "Managed MCP"
    ("https://mcp.example.com/*", "https://mcp.example.com/any/path"),
    ("https://mcp.example.com/*", "https://mcp.example.com/"),
    ("https://mcp.example.com/*", "https://mcp.example.com"),
    ("https://mcp.example.com", "https://mcp.example.com/any/path?with=query"),
    ("https://*.example.com/*", "https://api.example.com/mcp"),
    ("https://*.example.com/*", "https://a.b.example.com/mcp"),
    ("http://localhost:*/*", "http://localhost:3000/mcp"),
    ("http://localhost:*/*", "http://localhost/mcp"),
    ("*://mcp.example.com/*", "wss://mcp.example.com/socket"),
    # host without case, path with case
    ("https://MCP.Example.com/Path", "https://mcp.EXAMPLE.com/Path"),
    ("HTTPS://mcp.example.com/*", "https://mcp.example.com/x"),
    # default ports, a final dot
    ("https://mcp.example.com/*", "https://mcp.example.com:443/x"),
    ("https://mcp.example.com:443/*", "https://mcp.example.com/x"),
    ("https://mcp.example.com:8443/*", "https://mcp.example.com:8443/x"),
    ("https://mcp.example.com/*", "https://mcp.example.com./x"),
    ("https://mcp.example.com./*", "https://mcp.example.com/x"),
    # * anywhere
    ("https://mcp-*.example.com/v*/mcp", "https://mcp-eu.example.com/v2/mcp"),
    ("*", "http://anything.example:81/x"),
    ("*://*/*", "http://anything.example/x"),
    ("https://*", "https://anything.example/x?y"),
    ("https://good.*/mcp", "https://good.org/mcp"),
    ("https://good.com*", "https://good.com/mcp"),
    ("http://localhost*", "http://localhost:3000/mcp"),
    # the same host in other spellings
    ("https://bücher.example/*", "https://xn--bcher-kva.example/x"),
    ("https://xn--bcher-kva.example/*", "https://BÜCHER.example/x"),
    ("http://127.0.0.1:*/*", "http://127.1:3000/x"),
    ("http://[::1]:*/*", "http://[0:0::1]:3000/x"),
    # queries
    ("https://mcp.example.com/mcp?team=*", "https://mcp.example.com/mcp?team=a"),
    ("https://mcp.example.com/*", "https://mcp.example.com/mcp?team=a"),
    ("https://mcp.example.com/a%20b", "https://mcp.example.com/a%20b"),
    ("https://mcp.example.com/mcp", "https://mcp.example.com/mcp#fragment"),
    ("https://user@mcp.example.com/mcp", "https://other:secret@mcp.example.com/mcp"),
]

NOT_ALLOWED = [
    ("https://allowed.com/*", "https://allowed.com@evil.com/"),
    ("https://allowed.com", "https://allowed.com@evil.com/"),
    ("https://allowed.com/*", "https://allowed.com:x@evil.com/"),
    ("https://allowed.com/*", "https://evil.com/https://allowed.com/"),
    ("https://*.allowed.com/*", "https://evil.com/.allowed.com/"),
    ("https://*.allowed.com/*", "https://evil.com?x.allowed.com/"),
    ("https://*.allowed.com/*", "https://evil.com#x.allowed.com/"),
    ("https://*allowed.com/*", "https://evil.com/x/allowed.com/"),
    ("https://allowed.com", "https://allowed.com.evil.com/"),
    ("https://allowed.com*", "https://allowed.com.evil.com/"),
    ("https://allowed.com*", "https://allowed.company/"),
    ("https://allowed.*", "https://allowed.evil.com/"),
    ("https://*.allowed.com", "https://allowed.com/"),
    ("https://*.allowed.com", "https://evilallowed.com/"),
    ("https://allowed.com/*", "http://allowed.com/"),
    ("https://allowed.com/*", "wss://allowed.com/"),
    ("allowed.com/*", "http://allowed.com/"),
    ("https://allowed.com/*", "https://allowed.com:8443/"),
    ("https://allowed.com:8443/*", "https://allowed.com/"),
    ("https://allowed.com/*", "https://allowed.com:0443x/"),
    ("https://allowed.com/*", "https://allowed.com:８４４３/"),
    ("https://allowed.com/*", "https://allowed.com\\@evil.com/"),
    ("https://allowed.com/*", "https://evil.com\\@allowed.com/"),
    ("https://allowed.com/*", "https://evil.com\\.allowed.com/"),
    ("https://allowed.com/*", "https:\\\\allowed.com/"),
    ("https://allowed.com/*", "https://allowed%2ecom/"),
    ("https://allowed.com/*", "https://allowed.com%2eevil.com/"),
    ("https://allowed.com/*", "https://evil.com%2f.allowed.com/"),
    ("https://allowed.com/*", "https://allowed.com\u3002evil.com/"),
    ("https://allowed.com/*", "https://аllowed.com/"),
    ("https://allowed.com/*", "https://allowed.com\u200b.evil.com/"),
    ("https://allowed.com/*", "https://allowed.com\t/"),
    ("https://allowed.com/*", "https://al\nlowed.com/"),
    ("https://fass.example/*", "https://faß.example/"),
    ("https://allowed.com/*", "https:///allowed.com/"),
    ("https://allowed.com/*", "//allowed.com/"),
    ("https://allowed.com/*", "file://allowed.com/etc/passwd"),
    ("https://allowed.com/*", ""),
    ("https://allowed.com/*", "https://"),
    ("https://allowed.com/*", "https://[::1"),
    ("http://127.0.0.*/*", "http://127.0.0.evil.com/"),
    ("https://allowed.com/Path", "https://allowed.com/path"),
    ("https://allowed.com/public/*", "https://allowed.com/public/../admin"),
    ("https://allowed.com/public/*", "https://allowed.com/public/%2e%2e/admin"),
    ("https://allowed.com/public/*", "https://allowed.com/public/..%2fadmin"),
    ("https://allowed.com/public/*", "https://allowed.com/public/%252e%252e/admin"),
    ("https://allowed.com/public/*", "https://allowed.com/public\\..\\admin"),
    ("https://allowed.com/public/*", "https://allowed.com/public"),
    ("https://allowed.com/*/public", "https://allowed.com/secret?x=/public"),
    ("https://allowed.com/mcp", "https://allowed.com/mcp?tenant=other"),
    ("https://allowed.com/mcp?team=a", "https://allowed.com/mcp?team=b"),
    ("https://allowed.com/mcp?team=a", "https://allowed.com/mcp"),
]

DENIED = [
    ("https://evil.com/*", "https://evil.com/x"),
    ("https://evil.com/*", "https://EVIL.com./x"),
    ("https://evil.com/*", "https://evil.com"),
    ("https://evil.com/*", "https://evil.com:8443/x"),
    ("https://evil.com/*", "https://good.com@evil.com/x"),
    ("https://evil.com/*", "https://good.com\\@evil.com/x"),
    ("https://evil.com/*", "https://evil.com\\@good.com/x"),
    ("https://evil.com/*", "https://evil\u3002com/x"),
    ("https://evil.com/*", "https://ｅｖｉｌ.com/x"),
    ("https://evil.com/*", "https://ev\til.com/x"),
    ("https://evil.com", "https://evil.com/x?y"),
    ("https://evil.com/", "https://evil.com/x"),
    ("https://evil.com*", "https://evil.com/x"),
    ("https://evil.com*", "https://evil.com.tracker.example/x"),
    ("https://evil.*", "https://evil.co.uk/x"),
    ("*://evil.com/*", "ws://evil.com/x"),
    ("evil.com", "http://evil.com/x"),
    ("*evil*", "https://good.com/evil/x"),
    ("https://*.evil.com/*", "https://a.b.evil.com/x"),
    ("http://127.0.0.1:*/*", "http://2130706433:80/x"),
    ("http://127.0.0.1:*/*", "http://0x7f.0.0.1/x"),
    ("http://127.0.0.1:*/*", "http://[::ffff:127.0.0.1]/x"),
    ("https://evil.com/admin/*", "https://evil.com/a/../admin/x"),
    ("https://evil.com/admin/*", "https://evil.com//admin/x"),
    ("https://evil.com/admin/*", "https://evil.com/%61dmin/x"),
    ("https://evil.com/admin/*", "https://evil.com/./admin/x"),
    ("https://evil.com/admin/*", "https://evil.com/%2561dmin/x"),
    ("https://evil.com/admin", "https://evil.com/admin/"),
    ("https://evil.com/admin", "https://evil.com/admin%3Fx"),
    ("https://evil.com/admin", "https://evil.com/admin?x=y"),
    ("https://bücher.example/*", "https://xn--bcher-kva.example/x"),
]

NOT_DENIED = [
    ("https://evil.com/*", "https://good.com/evil.com/"),
    ("https://evil.com/*", "https://evil.com@good.com/"),
    ("https://evil.com/*", "http://evil.com/"),
    ("https://evil.com/*", "https://notevil.com/"),
    ("https://*.evil.com/*", "https://good.com/a.evil.com/x"),
    ("https://evil.com/Admin", "https://evil.com/admin"),
    ("https://evil.com:8443/*", "https://evil.com/"),
]


@pytest.mark.parametrize(("pattern", "address"), ALLOWED)
def test_a_pattern_allows_what_a_person_reads_in_it(pattern: str, address: str) -> None:
    assert UrlPattern.of(pattern).allows(Address.of(address))


@pytest.mark.parametrize(("pattern", "address"), NOT_ALLOWED)
def test_a_pattern_lets_no_address_through_that_a_person_would_not_expect(pattern: str, address: str) -> None:
    assert not UrlPattern.of(pattern).allows(Address.of(address))


@pytest.mark.parametrize(("pattern", "address"), DENIED)
def test_no_way_to_write_an_address_gets_past_a_deny(pattern: str, address: str) -> None:
    assert UrlPattern.of(pattern).denies(Address.of(address))


@pytest.mark.parametrize(("pattern", "address"), NOT_DENIED)
def test_a_deny_does_not_reach_further_than_it_says(pattern: str, address: str) -> None:
    assert not UrlPattern.of(pattern).denies(Address.of(address))


@pytest.mark.parametrize(
    "text",
    ["", "*", "a", "ab", "abc", "a*c", "*b*", "a**c", "*a", "c*", "**", "a*b*c*", "a*a", "ab*b", "*a*a*", "*b*b*"],
)
@pytest.mark.parametrize("subject", ["", "a", "ab", "abc", "aabbcc", "abcabc", "*", "acb"])
def test_a_star_is_any_run_of_characters(text: str, subject: str) -> None:
    assert glob(text, subject) is _slowly(text, subject)


def _slowly(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_slowly(pattern[1:], text[cut:]) for cut in range(len(text) + 1))
    return bool(text) and text[0] == pattern[0] and _slowly(pattern[1:], text[1:])


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_the_matching_agrees_with_its_definition(pattern: str, text: str) -> None:
    assert glob(pattern, text) is _slowly(pattern, text)


def test_many_stars_on_a_long_address_are_no_work() -> None:
    """A backtracking matcher would not come back from this within the life of the test run."""
    pattern = UrlPattern.of("https://" + "*a" * 2_000 + "/" + "*b" * 2_000)
    address = Address.of("https://" + "a" * 60 + ".com/" + "b" * 100_000)
    assert not pattern.allows(address)
    assert not pattern.denies(address)
    assert not glob("*a" * 5_000 + "c", "a" * 100_000)


@given(st.text(max_size=40))
def test_no_text_at_all_makes_reading_an_address_or_a_pattern_fail(text: str) -> None:
    for shape in (text, f"https://{text}", f"https://{text}/", f"https://host/{text}", f"https://a@{text}:1/"):
        address, pattern = Address.of(shape), UrlPattern.of(shape)
        assert not pattern.allows(address) or pattern.denies(address)


@given(st.text("ab.@:/\\?#%2e*[]", max_size=24))
def test_whatever_is_put_around_another_host_a_pattern_of_one_host_allows_that_host_only(text: str) -> None:
    pattern = UrlPattern.of("https://allowed.com/*")
    address = Address.of(f"https://{text}")
    if pattern.allows(address):
        assert {reading.host for reading in address.readings} == {"allowed.com"}
