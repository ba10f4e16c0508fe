"""Sections 22 to 25: time-outs, ping, logging, completion.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

UPKEEP: tuple[Requirement, ...] = (
    Requirement(
        "22.1",
        "both",
        "SHOULD",
        "2025-11-25 basic/lifecycle#timeouts, 2026-07-28 basic/patterns/cancellation#timeouts",
        "Every request has a time limit; when it is up, the request is cancelled and its caller told.",
        tests=(
            "tests/protocol/test_dispatcher.py::test_a_time_out_says_cancelled_to_the_peer_and_a_late_answer_harms_nothing",
            "tests/connections/test_misbehaving.py::test_a_slow_call_shows_its_progress_and_is_ended_by_its_time_limit",
        ),
    ),
    Requirement(
        "22.2",
        "both",
        "MAY",
        "2025-11-25 basic/lifecycle#timeouts, 2026-07-28 basic/patterns/cancellation#timeouts",
        "Progress resets the idle limit of a call.",
        tests=(
            "tests/spec/test_section_19_utilities.py::test_progress_resets_the_idle_limit_of_a_call",
            "tests/spec/test_section_19_utilities.py::test_a_call_without_progress_ends_at_its_idle_limit",
        ),
    ),
    Requirement(
        "22.3",
        "both",
        "SHOULD",
        "2025-11-25 basic/lifecycle#timeouts, 2026-07-28 basic/patterns/cancellation#timeouts",
        "However much progress comes, an absolute limit ends the call.",
        tests=(
            "tests/spec/test_section_19_utilities.py::test_however_much_progress_comes_an_absolute_limit_ends_the_call",
        ),
    ),
    Requirement(
        "22.4",
        "both",
        "MUST",
        "2025-11-25 basic/lifecycle#timeouts, 2026-07-28 basic/patterns/cancellation#timeouts",
        "The clock of a call stands still while a person answers its server.",
        tests=(
            "tests/engine/test_executor.py::test_the_clock_of_a_call_stands_still_while_a_human_answers",
            "tests/engine/test_executor.py::test_what_was_left_of_the_time_is_left_after_the_question",
        ),
    ),
    Requirement(
        "22.5",
        "both",
        "SHOULD",
        "2025-11-25 basic/lifecycle#timeouts, 2026-07-28 basic/patterns/cancellation#timeouts",
        "Connecting has a time limit of its own.",
        tests=(
            "tests/connections/test_misbehaving.py::test_a_server_that_never_answers_fails_when_its_time_is_up",
            "tests/spec/test_section_06_era.py::test_silence_over_http_is_an_outage_and_no_older_server",
        ),
    ),
    Requirement(
        "23.1",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/ping",
        "A ping is answered at once with an empty result.",
        tests=(
            "tests/session/test_session.py::test_ping_is_answered_and_an_undeclared_request_is_refused",
            "tests/spec/test_section_19_utilities.py::test_a_ping_is_answered_also_while_a_person_is_being_asked",
        ),
    ),
    Requirement(
        "23.2",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/ping",
        "A ping is answered also during initialize and while a person is being asked.",
        tests=(
            "tests/spec/test_section_06_era.py::test_pings_and_log_messages_are_understood_before_initialize_is_answered",
            "tests/spec/test_section_19_utilities.py::test_a_ping_is_answered_also_while_a_person_is_being_asked",
        ),
    ),
    Requirement(
        "23.3",
        "modern",
        "MUST",
        "2025-11-25 basic/utilities/ping",
        "No ping is sent in the stateless era: latency is that of server/discover.",
        tests=("tests/spec/test_section_19_utilities.py::test_there_is_no_ping_in_the_stateless_era",),
    ),
    Requirement(
        "23.4",
        "legacy",
        "MAY",
        "2025-11-25 basic/utilities/ping",
        "A ping now and then tells whether the server is still there.",
        tests=("tests/spec/test_section_12_sessions.py::test_a_ping_tells_whether_the_server_is_still_there",),
    ),
    Requirement(
        "24.1",
        "both",
        "MUST",
        "2026-07-28 server/utilities/logging, 2025-11-25 server/utilities/logging",
        "A log message of any level with any JSON data is kept, with its logger.",
        tests=(
            "tests/session/test_session.py::test_log_messages_and_stray_output_reach_the_log",
            "tests/spec/test_section_19_utilities.py::test_a_log_message_of_any_level_and_data_is_kept",
        ),
    ),
    Requirement(
        "24.2",
        "modern",
        "MUST",
        "2026-07-28 server/utilities/logging, 2025-11-25 server/utilities/logging",
        "logLevel is sent with each request, and only where the server announces logging.",
        tests=("tests/session/test_session.py::test_the_log_is_asked_for_only_where_the_server_offers_one",),
    ),
    Requirement(
        "24.3",
        "modern",
        "MUST",
        "2026-07-28 server/utilities/logging, 2025-11-25 server/utilities/logging",
        "logging/setLevel is not sent; the level goes into _meta from then on.",
        tests=("tests/spec/test_section_19_utilities.py::test_in_the_stateless_era_the_level_goes_with_each_request",),
    ),
    Requirement(
        "24.4",
        "legacy",
        "MAY",
        "2026-07-28 server/utilities/logging, 2025-11-25 server/utilities/logging",
        "logging/setLevel sets the level.",
        tests=("tests/spec/test_section_19_utilities.py::test_in_the_handshake_era_the_level_is_set_by_a_request",),
    ),
    Requirement(
        "24.5",
        "legacy",
        "I",
        "2026-07-28 server/utilities/logging, 2025-11-25 server/utilities/logging",
        "The level is set again after a new session.",
        tests=("tests/spec/test_section_12_sessions.py::test_the_log_level_is_set_again_in_a_new_session",),
    ),
    Requirement(
        "24.6",
        "both",
        "SHOULD",
        "2026-07-28 server/utilities/logging, 2025-11-25 server/utilities/logging",
        "Log data never drives the terminal and stays within bounds.",
        tests=("tests/session/test_session.py::test_a_megabyte_in_a_log_message_or_a_broken_rule_is_kept_in_part",),
    ),
    Requirement(
        "24.7",
        "both",
        "I",
        "2026-07-28 server/utilities/logging, 2025-11-25 server/utilities/logging",
        "A log message that was not declared, or whose level is unknown, is told and kept.",
        tests=(
            "tests/spec/test_section_19_utilities.py::test_a_log_that_was_not_declared_or_has_an_unknown_level_is_told_and_kept",
        ),
    ),
    Requirement(
        "24.8",
        "both",
        "I",
        "2026-07-28 server/utilities/logging",
        "Secrets in log data are masked in what is written to files.",
        tests=("tests/cli/test_trace_file.py::test_tokens_and_session_ids_never_stand_in_a_trace",),
    ),
    Requirement(
        "25.1",
        "both",
        "MUST",
        "2026-07-28 server/utilities/completion",
        "completion/complete names its ref, the argument with a string value, and what was chosen already.",
        tests=(
            "tests/spec/test_section_19_utilities.py::test_a_completion_names_its_reference_argument_and_what_was_chosen",
        ),
    ),
    Requirement(
        "25.2",
        "legacy",
        "SHOULD",
        "2026-07-28 server/utilities/completion",
        "Chosen arguments are sent from 2025-06-18 on only.",
        tests=("tests/spec/test_section_06_era.py::test_completion_context_is_sent_only_to_revisions_that_know_it",),
    ),
    Requirement(
        "25.3",
        "both",
        "MUST",
        "2026-07-28 server/utilities/completion",
        "More than 100 values are a violation and still shown.",
        tests=("tests/spec/test_section_19_utilities.py::test_too_many_values_are_told_and_still_there",),
    ),
    Requirement(
        "25.4",
        "both",
        "SHOULD",
        "2026-07-28 server/utilities/completion",
        "Missing total and hasMore are tolerated.",
        tests=("tests/spec/test_section_19_utilities.py::test_too_many_values_are_told_and_still_there",),
    ),
    Requirement(
        "25.5",
        "both",
        "SHOULD",
        "2026-07-28 server/utilities/completion",
        "Queries while typing are delayed, and stale ones given up.",
        why="nothing completes while a person types yet: a completion is asked for by a command",
    ),
)
