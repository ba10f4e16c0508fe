"""Sections 7 and 8: the handshake, ``server/discover``.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

LIFECYCLE: tuple[Requirement, ...] = (
    Requirement(
        "7.1",
        "legacy",
        "MUST",
        "2025-11-25 basic/lifecycle",
        "initialize comes first, with a protocol version, capabilities and clientInfo.",
        tests=(
            "tests/spec/test_section_06_era.py::test_the_handshake_begins_with_initialize_and_ends_with_initialized",
        ),
    ),
    Requirement(
        "7.2",
        "legacy",
        "SHOULD",
        "2025-11-25 basic/lifecycle",
        "The version offered is our newest handshake version and never a modern one.",
        tests=(
            "tests/spec/test_section_06_era.py::test_the_handshake_begins_with_initialize_and_ends_with_initialized",
        ),
    ),
    Requirement(
        "7.3",
        "legacy",
        "SHOULD",
        "2025-11-25 basic/lifecycle",
        "A version that we do not know ends the connection with an error that names it.",
        tests=("tests/eras/test_negotiation.py::test_a_handshake_answered_with_an_unknown_version_is_refused",),
    ),
    Requirement(
        "7.4",
        "legacy",
        "MUST",
        "2025-11-25 basic/lifecycle",
        "notifications/initialized follows the answer, before any other request.",
        tests=(
            "tests/eras/test_negotiation.py::test_pinned_to_the_handshake_there_is_no_probe",
            "tests/spec/test_section_06_era.py::test_the_handshake_begins_with_initialize_and_ends_with_initialized",
        ),
    ),
    Requirement(
        "7.5",
        "legacy",
        "SHOULD",
        "2025-11-25 basic/lifecycle",
        "An older version in the answer is accepted and used from then on.",
        tests=(
            "tests/eras/test_negotiation.py::test_a_pinned_handshake_revision_is_the_one_that_is_offered",
            "tests/spec/test_section_06_era.py::test_any_handshake_version_in_the_answer_is_accepted_and_used",
        ),
    ),
    Requirement(
        "7.6",
        "legacy",
        "MAY",
        "2025-11-25 basic/lifecycle",
        "-32602 with a list of versions leads to one more initialize with one of them.",
        tests=(
            "tests/spec/test_section_06_era.py::test_a_list_of_versions_in_the_refusal_leads_to_one_more_initialize",
        ),
    ),
    Requirement(
        "7.7",
        "legacy",
        "SHOULD",
        "2025-11-25 basic/lifecycle",
        "Pings and log messages are understood before initialized has been sent.",
        tests=(
            "tests/spec/test_section_06_era.py::test_pings_and_log_messages_are_understood_before_initialize_is_answered",
        ),
    ),
    Requirement(
        "7.8",
        "legacy",
        "MUST",
        "2025-11-25 basic/lifecycle",
        "initialize is never cancelled by a notification: when its time is up, the transport is left.",
        tests=("tests/spec/test_section_06_era.py::test_initialize_is_never_cancelled",),
    ),
    Requirement(
        "7.9",
        "legacy",
        "SHOULD",
        "2025-11-25 basic/lifecycle",
        "Messages keep to the agreed version: completion context only from 2025-06-18 on.",
        tests=("tests/spec/test_section_06_era.py::test_completion_context_is_sent_only_to_revisions_that_know_it",),
    ),
    Requirement(
        "7.10",
        "legacy",
        "SHOULD",
        "2025-11-25 basic/lifecycle",
        "Instructions of the server are kept as they are.",
        tests=(
            "tests/spec/test_section_06_era.py::test_instructions_are_kept_and_an_incomplete_initialize_result_is_told",
        ),
    ),
    Requirement(
        "7.11",
        "legacy",
        "I",
        "2025-11-25 basic/lifecycle",
        "An initialize result without serverInfo or capabilities is told and the connection goes on.",
        tests=(
            "tests/spec/test_section_06_era.py::test_instructions_are_kept_and_an_incomplete_initialize_result_is_told",
        ),
    ),
    Requirement(
        "7.12",
        "legacy",
        "I",
        "2025-11-25 basic/lifecycle",
        "A program that sends back what it is sent is told from a server.",
        tests=("tests/connections/test_loss.py::test_a_program_that_sends_everything_back_is_told_from_a_server",),
    ),
    Requirement(
        "8.1",
        "modern",
        "MUST",
        "2026-07-28 server/discover",
        "The params of server/discover hold the envelope and nothing else.",
        tests=("tests/spec/test_section_06_era.py::test_the_params_of_discover_hold_the_envelope_and_nothing_else",),
    ),
    Requirement(
        "8.2",
        "modern",
        "MUST",
        "2026-07-28 server/discover",
        "Capabilities, instructions and supported versions are read from the result, identity from _meta.",
        tests=("tests/spec/test_section_03_errors.py::test_what_a_server_calls_itself_is_kept_and_decides_nothing",),
    ),
    Requirement(
        "8.3",
        "modern",
        "I",
        "2026-07-28 server/discover",
        "serverInfo at the top of the result is a pre-release shape: read, and told.",
        tests=("tests/spec/test_section_06_era.py::test_a_discover_result_of_before_the_release_is_read_and_told",),
    ),
    Requirement(
        "8.4",
        "modern",
        "SHOULD",
        "2026-07-28 server/discover",
        "Missing cache hints of the discover result are told.",
        tests=("tests/spec/test_section_06_era.py::test_a_discover_result_of_before_the_release_is_read_and_told",),
    ),
    Requirement(
        "8.5",
        "modern",
        "I",
        "2026-07-28 server/discover",
        "server/discover is sent also when the era is pinned, so capabilities are never unknown.",
        tests=("tests/eras/test_negotiation.py::test_pinned_to_the_modern_era_there_is_no_handshake",),
    ),
    Requirement(
        "8.6",
        "modern",
        "I",
        "2026-07-28 server/discover",
        "The result of server/discover is cached as long as its ttlMs says.",
        why="each connection asks anew: one request tells at once whether the server is there and still the same",
    ),
)
