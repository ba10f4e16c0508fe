"""Policy over an entry with several addresses: one that is forbidden forbids the server."""

from __future__ import annotations

import pytest

from mcpdeck.services.config.several import spread
from mcpdeck.services.errors import PolicyDenied
from mcpdeck.services.models import Status
from tests.policy.repository import Repository

URLS = ["https://one.example/mcp", "https://${HOST:-two.example}/mcp"]
BOTH = [{"serverUrl": "https://one.example/*"}, {"serverUrl": "https://two.example/*"}]


@pytest.mark.parametrize(
    ("rules", "blocked"),
    [
        ({}, False),
        ({"deniedMcpServers": [{"serverUrl": "https://one.example/*"}]}, True),
        ({"deniedMcpServers": [{"serverUrl": "https://two.example/*"}]}, True),
        ({"deniedMcpServers": [{"serverUrl": "https://${HOST:-two.example}/*"}]}, True),
        ({"deniedMcpServers": [{"serverUrl": "https://three.example/*"}]}, False),
        ({"deniedMcpServers": [{"serverName": "it"}]}, True),
        ({"allowedMcpServers": BOTH[:1]}, True),
        ({"allowedMcpServers": BOTH}, False),
    ],
    ids=["none", "first", "second", "as written", "another", "name", "one allowed", "both allowed"],
)
def test_a_rule_about_one_address_is_a_rule_about_the_server(
    repository: Repository, rules: dict[str, object], blocked: bool
) -> None:
    repository.servers({"it": {"type": "http", "urls": URLS}})
    deck = repository.deck()
    deck.approve(deck.load_entries()[0])
    repository.write(rules, repository.mine)
    assert repository.gate() == (Status.BLOCKED.value if blocked else None)


def test_one_approval_lets_every_instance_start_and_its_end_holds_every_one_back(repository: Repository) -> None:
    repository.servers({"it": {"type": "http", "urls": URLS}})
    deck = repository.deck()
    deck.approve(deck.load_entries()[0])
    (entry,) = deck.load_entries()
    instances = [*spread([entry])]
    assert [one.gate for one in instances] == [None, None]
    repository.write({"deniedMcpServers": [{"serverUrl": "https://two.example/*"}]}, repository.mine)
    assert isinstance(deck.guard(entry), PolicyDenied)
