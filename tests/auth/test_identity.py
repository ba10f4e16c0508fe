"""Which client mcpdeck is at an authorization server, and what a registration is made of."""

from __future__ import annotations

from typing import Any

import pytest

from mcpdeck.services.errors import AuthorizationDenied, ConfigError, RegistrationError
from mcpdeck.services.models import LoginPhase
from tests.auth.identity_desk import REGISTRATION, Person, found, registered
from tests.auth.scripted_fetch import ISSUER, NOW, REDIRECT, Answer, client, refused

pytestmark = pytest.mark.anyio

DOCUMENT = "https://deck.example/client.json"


# Which identity


async def test_a_configured_client_comes_before_everything_else_and_nothing_is_sent() -> None:
    who, script = await found(
        server={"metadata_documents": True},
        kept=client(),
        client_id="mine",
        client_secret="s",
        client_metadata_url=DOCUMENT,
    )
    assert (who.client_id, who.origin, who.auth_method) == ("mine", "configured", "client_secret_basic")
    assert who.redirect_uri is None
    assert script.requests == []
    assert script.verdict("client.issuer").passed is True


async def test_a_configured_client_of_another_issuer_is_never_used() -> None:
    with pytest.raises(RegistrationError) as caught:
        await found(client_id="mine", client_secret="hush-hush", issuer="https://as.example/")
    assert "https://as.example/," in caught.value.title
    assert ISSUER in caught.value.title
    assert caught.value.details == {"configured": "https://as.example/", "issuer": ISSUER}
    assert "hush-hush" not in f"{caught.value!r}{caught.value.hint}"


@pytest.mark.parametrize(
    ("configured", "env", "secret"),
    [("own", "other", None), (None, "other", "other"), (None, "", None), (None, None, None)],
)
async def test_the_secret_of_a_configured_client_may_come_from_the_environment_and_the_settings_keep_theirs(
    configured: str | None, env: str | None, secret: str | None
) -> None:
    who, _ = await found(client_id="mine", client_secret=configured, env=env, issuer=ISSUER)
    assert who.secret == secret
    assert who.auth_method == ("client_secret_basic" if configured or env else "none")


async def test_a_secret_in_the_environment_is_for_the_configured_client_only() -> None:
    who, script = await found(registered(), env="hush-hush")
    assert who.secret is None
    assert "hush-hush" not in repr(script.requests)


async def test_a_configured_key_signs_and_stays_in_the_settings() -> None:
    who, _ = await found(client_id="mine", private_key="pem", signing_algorithm="ES256")
    assert (who.auth_method, who.private_key) == ("private_key_jwt", None)


async def test_a_metadata_document_comes_before_a_kept_registration() -> None:
    who, script = await found(
        server={"metadata_documents": True, "auth_methods": ("client_secret_basic",)},
        kept=client(),
        client_metadata_url=DOCUMENT,
    )
    assert (who.client_id, who.origin, who.auth_method, who.secret) == (DOCUMENT, "metadata document", "none", None)
    assert script.requests == []
    assert script.verdict("cimd.url").passed is True


@pytest.mark.parametrize(("methods", "signs"), [(("private_key_jwt", "none"), True), (("none",), False), (None, False)])
async def test_a_client_with_a_document_signs_only_where_the_server_says_that_it_takes_it(
    methods: tuple[str, ...] | None, signs: bool
) -> None:
    who, _ = await found(
        server={"metadata_documents": True, "auth_methods": methods}, client_metadata_url=DOCUMENT, private_key="pem"
    )
    assert (who.auth_method == "private_key_jwt") is signs
    assert who.private_key is None


@pytest.mark.parametrize(
    "url",
    [
        "http://deck.example/client.json",
        "https://deck.example",
        "https://deck.example/",
        "https://me@deck.example/client.json",
        "https://deck.example/client.json#top",
        "https://deck.example/a/../client.json",
        "https://deck.example/./client.json",
        "https:///client.json",
        "https://[broken/client.json",
        "client.json",
    ],
)
async def test_a_metadata_url_that_names_no_client_is_a_matter_of_the_settings(url: str) -> None:
    with pytest.raises(ConfigError, match="client metadata URL"):
        await found(server={"metadata_documents": True}, client_metadata_url=url)


async def test_where_documents_are_not_supported_a_client_is_registered() -> None:
    who, _ = await found(registered(), client_metadata_url=DOCUMENT)
    assert (who.client_id, who.origin) == ("new-1", "registered")


@pytest.mark.parametrize(
    ("kept", "fits"),
    [
        ({"redirect_uri": REDIRECT}, True),
        ({}, True),
        ({"redirect_uri": REDIRECT, "origin": "asked"}, True),
        ({"redirect_uri": REDIRECT, "secret": "s", "secret_expires_at": 0}, True),
        ({"redirect_uri": REDIRECT, "secret": "s", "secret_expires_at": NOW + 3600}, True),
        ({"redirect_uri": REDIRECT, "secret": "s", "secret_expires_at": NOW + 30}, False),
        ({"redirect_uri": REDIRECT, "secret": "s", "secret_expires_at": NOW - 1}, False),
        ({"redirect_uri": "http://127.0.0.1:7778/callback"}, False),
        ({"redirect_uri": "http://localhost:7777/callback"}, False),
        ({"origin": "configured"}, False),
        ({"origin": "metadata document"}, False),
        ({"doubts": 1}, True),
        ({"doubts": 2}, False),
    ],
)
async def test_a_kept_client_is_used_again_where_its_address_fits_and_its_secret_lasts(
    kept: dict[str, Any], fits: bool
) -> None:
    before = client(**kept)
    who, script = await found(*([] if fits else [registered()]), kept=before)
    assert (who is before) is fits
    assert len(script.requests) == (0 if fits else 1)


async def test_without_anything_else_the_person_is_asked() -> None:
    person = Person((" their-id ", "their-secret"))
    who, _ = await found(server={"registration_endpoint": None}, person=person)
    assert person.asked == [("notes", ISSUER)]
    assert (who.client_id, who.secret, who.origin, who.auth_method) == (
        "their-id",
        "their-secret",
        "asked",
        "client_secret_basic",
    )


async def test_a_person_without_an_answer_ends_it_with_what_to_configure() -> None:
    with pytest.raises(RegistrationError, match="no client") as caught:
        await found(server={"registration_endpoint": None}, person=Person(("  ", None)))
    assert "clientId" in caught.value.hint
    with pytest.raises(AuthorizationDenied):
        await found(server={"registration_endpoint": None}, person=Person())


@pytest.mark.parametrize("grant", ["client_credentials", "id_jag"])
async def test_a_grant_without_a_person_never_registers_and_never_asks(grant: Any) -> None:
    person = Person(("x", None))
    with pytest.raises(RegistrationError, match="registered before"):
        await found(kept=client(), person=person, grant=grant)
    assert person.asked == []


async def test_a_workload_may_have_nothing_but_its_assertion() -> None:
    who, script = await found(grant="jwt_bearer")
    assert (who.client_id, who.auth_method, script.requests) == ("", "none", [])


# Registration


async def test_a_registration_asks_for_a_native_client_that_can_refresh() -> None:
    who, script = await found(registered())
    request = script.requests[0]
    assert (request.phase, request.method, request.url) == (LoginPhase.REGISTRATION, "POST", REGISTRATION)
    assert request.redirects is False
    assert request.json == {
        "client_name": "mcpdeck",
        "application_type": "native",
        "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }
    assert (who.client_id, who.origin, who.auth_method, who.redirect_uri) == ("new-1", "registered", "none", REDIRECT)
    wrong = [each.rule for step in script.recorder.steps for each in step.verdicts if each.passed is False]
    assert wrong == []


@pytest.mark.parametrize(
    ("methods", "wanted"),
    [
        (("client_secret_post", "none", "client_secret_basic"), "none"),
        (("client_secret_post", "client_secret_basic"), "client_secret_post"),
        (("client_secret_jwt", "client_secret_basic", "client_secret_post"), "client_secret_basic"),
        (("client_secret_post",), "client_secret_post"),
        (("private_key_jwt",), "none"),
        (None, "none"),
    ],
)
async def test_the_method_that_is_asked_for_is_the_first_one_of_the_servers_that_we_have(
    methods: Any, wanted: str
) -> None:
    _, script = await found(registered(), server={"auth_methods": methods})
    assert (script.requests[0].json or {})["token_endpoint_auth_method"] == wanted


@pytest.mark.parametrize(
    ("members", "methods", "method", "secret"),
    [
        ({"client_secret": "s3cret-1", "client_secret_expires_at": 0}, None, "client_secret_basic", "s3cret-1"),
        ({"client_secret": "s3cret-1"}, ("none",), "none", "s3cret-1"),
        (
            {"client_secret": "s3cret-1", "token_endpoint_auth_method": "client_secret_post"},
            ("client_secret_basic", "client_secret_post"),
            "client_secret_post",
            "s3cret-1",
        ),
        ({"token_endpoint_auth_method": "client_secret_basic"}, None, "none", None),
        ({"client_secret": "", "token_endpoint_auth_method": "none"}, None, "none", None),
    ],
)
async def test_how_a_registered_client_authenticates_is_what_both_sides_agree_on(
    members: dict[str, Any], methods: Any, method: str, secret: str | None
) -> None:
    who, _ = await found(registered(**members), server={"auth_methods": methods})
    assert (who.auth_method, who.secret) == (method, secret)


@pytest.mark.parametrize(
    ("said", "expires"),
    [(0, None), (1_900_000_000, 1_900_000_000.0), (None, None), ("soon", None), (True, None), (1e300, None)],
)
async def test_when_a_secret_expires_is_kept_with_it(said: Any, expires: float | None) -> None:
    who, _ = await found(registered(client_secret="s3cret-1", client_secret_expires_at=said))
    assert who.secret_expires_at == expires


async def test_what_manages_a_registration_is_kept_and_never_shown() -> None:
    who, script = await found(
        registered(registration_access_token="manage-me-1", registration_client_uri=f"{REGISTRATION}/new-1", other=1)
    )
    assert who.management == {
        "registration_access_token": "manage-me-1",
        "registration_client_uri": f"{REGISTRATION}/new-1",
    }
    assert "manage-me-1" not in f"{who!r}{script.recorder.steps!r}"


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (registered(200), "dcr.status"),
        (registered(redirect_uris=["http://localhost/other"]), "dcr.redirect-uris"),
        (registered(application_type="web"), "dcr.application-type"),
        (registered(client_secret="s3cret-1"), "dcr.secret-expiry"),
        (registered(client_secret="s3cret-1", token_endpoint_auth_method="client_secret_jwt"), "dcr.auth-method"),
        (Answer('{"client_id": "new-1"}', 201, kind="text/plain"), "dcr.content-type"),
    ],
)
async def test_what_is_wrong_with_a_registration_is_pointed_out_and_it_is_used(answer: Answer, rule: str) -> None:
    who, script = await found(answer)
    assert who.client_id == "new-1"
    assert script.verdict(rule).passed is False
    assert script.verdict(rule).fix


async def test_a_client_that_may_not_refresh_is_remarked_upon() -> None:
    _, script = await found(registered(grant_types=["authorization_code"]))
    assert script.verdict("dcr.grant-types").passed is None
    assert script.verdict("dcr.grant-types").wrong


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer({"client_name": "x"}, 201), "no client_id"),
        (Answer({"client_id": "a\nb"}, 201), "no client_id"),
        (Answer({"client_id": 7}, 201), "no client_id"),
        (Answer({"client_id": "x" * 5000}, 201), "no client_id"),
        (Answer("<html>hello</html>", 200), "a web page"),
        (Answer("", 201), "nothing in it"),
    ],
)
async def test_a_registration_without_a_usable_client_is_an_error(answer: Answer, words: str) -> None:
    with pytest.raises(RegistrationError, match=words) as caught:
        await found(answer)
    assert "clientId" in caught.value.hint


@pytest.mark.parametrize(
    ("answer", "words", "retryable"),
    [
        (refused("access_denied", "ask\x1b[2J us first", 403), "access_denied: ask", False),
        (refused("invalid_client_metadata", "client_uri is missing"), "client_uri is missing", False),
        (Answer("<html>503</html>", 503), "a web page", True),
        (Answer({}, 404), "answered 404", False),
    ],
)
async def test_a_refused_registration_says_why_and_what_to_do(answer: Answer, words: str, retryable: bool) -> None:
    with pytest.raises(RegistrationError, match=words) as caught:
        await found(answer)
    assert caught.value.retryable is retryable
    assert "\x1b" not in caught.value.title
    assert "clientMetadataUrl" in caught.value.hint


@pytest.mark.parametrize(
    ("description", "member", "value"),
    [
        ("Unrecognized key: 'application_type'", "application_type", None),
        ("Application type native is not allowed", "application_type", None),
        ("grant_types: refresh_token not allowed", "grant_types", ["authorization_code"]),
        ("token_endpoint_auth_method must be client_secret_basic", "token_endpoint_auth_method", "client_secret_basic"),
    ],
)
@pytest.mark.parametrize("error", ["invalid_client_metadata", "invalid_redirect_uri"])
async def test_a_refusal_of_one_member_is_answered_once_without_it(
    error: str, description: str, member: str, value: Any
) -> None:
    who, script = await found(refused(error, description), registered())
    assert who.client_id == "new-1"
    first, second = (dict(each.json or {}) for each in script.requests)
    assert second.get(member) == value
    assert {name: each for name, each in first.items() if name != member} == {
        name: each for name, each in second.items() if name != member
    }


async def test_a_second_refusal_is_final() -> None:
    script_of = refused("invalid_client_metadata", "application_type is not known")
    with pytest.raises(RegistrationError, match="grant_types is not known"):
        await found(script_of, refused("invalid_client_metadata", "grant_types is not known"))


async def test_an_endpoint_that_was_only_assumed_may_be_missing_and_the_person_is_asked() -> None:
    who, _ = await found(Answer("not found", 404), server={"assumed": True}, person=Person(("their-id", None)))
    assert (who.client_id, who.origin) == ("their-id", "asked")
