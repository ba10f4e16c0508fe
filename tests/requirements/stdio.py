"""Section 9: stdio.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

STDIO: tuple[Requirement, ...] = (
    Requirement(
        "9.1",
        "both",
        "MUST",
        "2026-07-28 basic/transports/stdio",
        "One message is one line of UTF-8 without a newline inside.",
        tests=(
            "tests/protocol/test_jsonrpc.py::test_a_message_never_contains_a_newline",
            "tests/spec/test_section_09_stdio.py::test_a_child_gets_nothing_but_messages_and_may_complain_as_much_as_it_likes",
        ),
    ),
    Requirement(
        "9.2",
        "both",
        "MUST",
        "2026-07-28 basic/transports/stdio",
        "Nothing but messages is written to the server's stdin.",
        tests=(
            "tests/spec/test_section_09_stdio.py::test_a_child_gets_nothing_but_messages_and_may_complain_as_much_as_it_likes",
        ),
    ),
    Requirement(
        "9.3",
        "both",
        "MUST",
        "2026-07-28 basic/transports/stdio",
        "Output that is no message is kept with its bytes, and reading goes on.",
        tests=(
            "tests/connections/test_misbehaving.py::test_rubbish_on_stdout_is_put_aside_and_the_session_goes_on",
            "tests/session/test_session.py::test_log_messages_and_stray_output_reach_the_log",
        ),
    ),
    Requirement(
        "9.4",
        "both",
        "I",
        "2026-07-28 basic/transports/stdio",
        "Carriage returns, blank lines, a byte order mark and a last line without an end are tolerated.",
        tests=(
            "tests/transports/test_framing.py::test_lines_come_out_without_their_ends_and_blank_ones_not_at_all",
            "tests/protocol/test_jsonrpc.py::test_what_the_strict_parser_refuses_is_still_read_where_it_can_be",
        ),
    ),
    Requirement(
        "9.5",
        "both",
        "I",
        "2026-07-28 basic/transports/stdio",
        "A line may be as long as the limit, and one beyond it is refused in words.",
        tests=(
            "tests/connections/test_misbehaving.py::test_a_line_of_ten_megabytes_is_an_answer_like_any_other",
            "tests/transports/test_framing.py::test_a_line_beyond_the_limit_is_cut_and_the_next_is_read_as_ever",
        ),
    ),
    Requirement(
        "9.6",
        "both",
        "SHOULD",
        "2026-07-28 basic/transports/stdio",
        "stderr is drained, kept, and no sign of failure.",
        tests=(
            "tests/spec/test_section_09_stdio.py::test_a_child_gets_nothing_but_messages_and_may_complain_as_much_as_it_likes",
        ),
    ),
    Requirement(
        "9.7",
        "both",
        "MUST",
        "2026-07-28 basic/transports/stdio",
        "On the shared channel answers go by id and progress by token.",
        tests=(
            "tests/protocol/test_dispatcher.py::test_answers_find_their_requests_in_any_order",
            "tests/session/test_session.py::test_progress_reaches_its_own_call_and_must_increase",
        ),
    ),
    Requirement(
        "9.8",
        "modern",
        "MUST",
        "2026-07-28 basic/transports/stdio",
        "On the shared channel messages of a subscription go by their subscription id.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_messages_go_by_their_subscription_and_the_type_of_its_id_counts",
        ),
    ),
    Requirement(
        "9.9",
        "both",
        "SHOULD",
        "2026-07-28 basic/transports/stdio",
        "The end is: close stdin, wait, terminate, kill; it includes the whole process group.",
        tests=(
            "tests/connections/test_misbehaving.py::test_leaving_ends_a_server_that_ignores_the_end_of_stdin_and_sigterm",
            "tests/connections/test_misbehaving.py::test_leaving_ends_a_grandchild_that_ignores_sigterm",
        ),
    ),
    Requirement(
        "9.10",
        "both",
        "I",
        "2026-07-28 basic/transports/stdio",
        "A server that ends fails every request in flight with its exit code and last words.",
        tests=(
            "tests/connections/test_misbehaving.py::test_a_server_that_dies_during_a_call_fails_the_call_and_says_how_it_died",
            "tests/protocol/test_dispatcher.py::test_the_end_of_the_connection_wakes_everyone_with_its_reason",
        ),
    ),
    Requirement(
        "9.11",
        "both",
        "SHOULD",
        "2026-07-28 basic/transports/stdio",
        "A server that ended unexpectedly is started again, with growing delays and an end to crash loops.",
        tests=(
            "tests/connections/test_misbehaving.py::test_a_server_that_dies_during_a_call_fails_the_call_and_says_how_it_died",
            "tests/connections/test_lifecycle.py::test_a_lost_connection_is_retried_five_times_with_growing_delays",
            "tests/connections/test_lifecycle.py::test_three_ends_within_ten_seconds_are_a_crash_loop",
        ),
    ),
    Requirement(
        "9.12",
        "both",
        "I",
        "2026-07-28 basic/transports/stdio",
        "A tool call that was lost with its server is not sent again by itself.",
        tests=(
            "tests/spec/test_section_09_stdio.py::test_a_restarted_server_gets_its_handshake_lists_and_subscriptions_anew_and_no_lost_call",
        ),
    ),
    Requirement(
        "9.13",
        "both",
        "SHOULD",
        "2026-07-28 basic/transports/stdio",
        "A server inherits a small set of variables and gets what its entry names.",
        tests=(
            "tests/cli/test_tools_and_calls.py::test_env_cwd_and_revision_of_the_options_reach_the_server",
            "tests/spec/test_section_09_stdio.py::test_a_child_inherits_a_small_set_of_variables",
        ),
    ),
    Requirement(
        "9.14",
        "both",
        "I",
        "2026-07-28 basic/transports/stdio",
        "The command runs without a shell; one that does not exist is named.",
        tests=("tests/connections/test_misbehaving.py::test_a_command_that_does_not_exist_is_named_in_the_row",),
    ),
    Requirement(
        "9.15",
        "modern",
        "MUST",
        "2026-07-28 basic/transports/stdio",
        "A restarted server gets every subscription anew.",
        tests=(
            "tests/spec/test_section_10_http.py::test_a_subscription_over_http_is_a_stream_that_is_closed_at_its_end_and_opened_again_when_it_breaks",
            "tests/spec/test_section_16_changes.py::test_a_subscription_that_broke_is_made_again_with_a_new_id",
        ),
    ),
    Requirement(
        "9.16",
        "legacy",
        "I",
        "2026-07-28 basic/transports/stdio",
        "After a restart initialize, lists and subscriptions are made anew.",
        tests=(
            "tests/spec/test_section_09_stdio.py::test_a_restarted_server_gets_its_handshake_lists_and_subscriptions_anew_and_no_lost_call",
        ),
    ),
)
