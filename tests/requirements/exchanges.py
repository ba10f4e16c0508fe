"""Sections 19 to 21: pages, progress, cancellation.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

EXCHANGES: tuple[Requirement, ...] = (
    Requirement(
        "19.1",
        "both",
        "MUST",
        "2026-07-28 server/utilities/pagination",
        "A cursor is sent back as it came, and an empty one counts.",
        tests=(
            "tests/session/test_session.py::test_all_pages_are_read_in_order_an_empty_cursor_and_an_empty_page_included",
            "tests/spec/test_section_19_utilities.py::test_every_list_is_read_with_all_its_pages",
        ),
    ),
    Requirement(
        "19.2",
        "both",
        "MUST",
        "2026-07-28 server/utilities/pagination",
        "A missing or null cursor is the end.",
        tests=(
            "tests/session/test_session.py::test_all_pages_are_read_in_order_an_empty_cursor_and_an_empty_page_included",
            "tests/spec/test_section_19_utilities.py::test_every_list_is_read_with_all_its_pages",
        ),
    ),
    Requirement(
        "19.3",
        "both",
        "MUST",
        "2026-07-28 server/utilities/pagination",
        "Pages may have any size, none included.",
        tests=(
            "tests/session/test_session.py::test_all_pages_are_read_in_order_an_empty_cursor_and_an_empty_page_included",
            "tests/spec/test_section_19_utilities.py::test_every_list_is_read_with_all_its_pages",
        ),
    ),
    Requirement(
        "19.4",
        "both",
        "I",
        "2026-07-28 server/utilities/pagination",
        "A repeated cursor and a list without end are cut and told.",
        tests=(
            "tests/session/test_session.py::test_a_repeated_cursor_ends_the_list_and_is_told",
            "tests/session/test_session.py::test_a_list_without_end_is_cut_and_told",
        ),
    ),
    Requirement(
        "19.5",
        "both",
        "SHOULD",
        "2026-07-28 server/utilities/pagination",
        "A refused cursor (-32602) ends the list with an error and keeps the last good one.",
        tests=(
            "tests/spec/test_section_19_utilities.py::test_a_refused_cursor_fails_the_list_and_the_last_good_one_stands",
        ),
    ),
    Requirement(
        "19.6",
        "both",
        "I",
        "2026-07-28 server/utilities/pagination",
        "Every list of the protocol is read page by page: resources, templates and prompts as well.",
        tests=("tests/spec/test_section_19_utilities.py::test_every_list_is_read_with_all_its_pages",),
    ),
    Requirement(
        "19.7",
        "both",
        "I",
        "2026-07-28 server/utilities/pagination",
        "A name that stands twice is kept twice and told.",
        tests=("tests/session/test_session.py::test_a_name_that_stands_twice_is_kept_twice_and_told",),
    ),
    Requirement(
        "19.8",
        "both",
        "I",
        "2026-07-28 server/utilities/pagination",
        "One page can be asked for by itself.",
        tests=(
            "tests/cli/test_pages.py::test_batch_gives_a_page_where_a_cursor_stands_and_all_pages_elsewhere",
            "tests/cli/test_pages.py::test_each_page_is_one_request_and_says_where_the_next_begins",
            "tests/spec/test_section_19_utilities.py::test_one_page_can_be_asked_for_by_its_cursor",
        ),
    ),
    Requirement(
        "20.1",
        "both",
        "MUST",
        "2026-07-28 basic/patterns/progress, 2025-11-25 basic/utilities/progress",
        "A progress token is unique among active requests and a string or integer.",
        tests=(
            "tests/spec/test_section_15_rounds.py::test_each_round_has_a_token_of_its_own_whose_progress_reaches_the_same_call",
            "tests/spec/test_section_19_utilities.py::test_calls_at_the_same_time_have_tokens_of_their_own",
        ),
    ),
    Requirement(
        "20.2",
        "both",
        "MUST",
        "2026-07-28 basic/patterns/progress, 2025-11-25 basic/utilities/progress",
        "Progress reaches the request of its token; an unknown or finished token is ignored.",
        tests=(
            "tests/session/test_session.py::test_progress_reaches_its_own_call_and_must_increase",
            "tests/spec/test_section_19_utilities.py::test_calls_at_the_same_time_have_tokens_of_their_own",
        ),
    ),
    Requirement(
        "20.3",
        "both",
        "MUST",
        "2026-07-28 basic/patterns/progress, 2025-11-25 basic/utilities/progress",
        "Progress that does not increase is told.",
        tests=("tests/session/test_session.py::test_progress_reaches_its_own_call_and_must_increase",),
    ),
    Requirement(
        "20.4",
        "both",
        "MUST",
        "2026-07-28 basic/patterns/progress, 2025-11-25 basic/utilities/progress",
        "Fractions, a missing or changing total and a message are understood.",
        tests=("tests/session/test_session.py::test_progress_reaches_its_own_call_and_must_increase",),
    ),
    Requirement(
        "20.5",
        "both",
        "SHOULD",
        "2026-07-28 basic/patterns/progress, 2025-11-25 basic/utilities/progress",
        "Drawing keeps to a bounded rate, however fast progress comes.",
        tests=(
            "tests/state/test_store.py::test_a_flood_of_events_is_told_once_an_interval_and_the_last_state_arrives",
        ),
    ),
    Requirement(
        "20.6",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/progress, 2025-11-25 basic/utilities/progress",
        "Progress is never sent by us.",
        tests=("tests/spec/test_section_19_utilities.py::test_no_progress_is_ever_sent_by_us",),
    ),
    Requirement(
        "20.7",
        "both",
        "I",
        "2026-07-28 basic/patterns/progress, 2025-11-25 basic/utilities/progress",
        "Progress without a token, or with one of a wrong type, harms nothing.",
        tests=("tests/spec/test_section_19_utilities.py::test_progress_without_a_usable_token_harms_nothing",),
    ),
    Requirement(
        "20.8",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/tasks",
        "The token of a call that became a task stays alive until the task ends.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_progress_of_a_call_that_became_a_task_arrives_until_its_end",
        ),
    ),
    Requirement(
        "21.1",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/cancellation, 2025-11-25 basic/utilities/cancellation",
        "On a shared channel a request is given up with notifications/cancelled and its id.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_a_resource_is_watched_in_a_new_subscription_and_the_old_one_is_left",
            "tests/spec/test_section_19_utilities.py::test_on_a_shared_channel_a_request_is_given_up_by_a_notification",
        ),
    ),
    Requirement(
        "21.2",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/cancellation, 2025-11-25 basic/utilities/cancellation",
        "Over HTTP a request is given up by closing its stream, without a message.",
        tests=(
            "tests/transports/test_streamable_http.py::test_a_cancelled_request_closes_its_stream",
            "tests/spec/test_section_10_http.py::test_giving_a_stateless_request_up_closes_its_stream_and_says_nothing",
        ),
    ),
    Requirement(
        "21.3",
        "legacy",
        "SHOULD",
        "2026-07-28 basic/patterns/cancellation, 2025-11-25 basic/utilities/cancellation",
        "A request is given up with notifications/cancelled on every transport.",
        tests=(
            "tests/spec/test_section_12_sessions.py::test_giving_a_request_up_says_so_in_a_post",
            "tests/spec/test_section_19_utilities.py::test_on_a_shared_channel_a_request_is_given_up_by_a_notification",
        ),
    ),
    Requirement(
        "21.4",
        "legacy",
        "MUST",
        "2026-07-28 basic/patterns/cancellation, 2025-11-25 basic/utilities/cancellation",
        "initialize is never cancelled.",
        tests=("tests/spec/test_section_06_era.py::test_initialize_is_never_cancelled",),
    ),
    Requirement(
        "21.5",
        "both",
        "SHOULD",
        "2026-07-28 basic/patterns/cancellation, 2025-11-25 basic/utilities/cancellation",
        "An answer that comes after the cancellation is ignored.",
        tests=(
            "tests/protocol/test_dispatcher.py::test_a_time_out_says_cancelled_to_the_peer_and_a_late_answer_harms_nothing",
            "tests/spec/test_section_19_utilities.py::test_on_a_shared_channel_a_request_is_given_up_by_a_notification",
        ),
    ),
    Requirement(
        "21.6",
        "legacy",
        "MUST",
        "2026-07-28 basic/patterns/cancellation, 2025-11-25 basic/utilities/cancellation",
        "A request that the server cancels is stopped and not answered.",
        tests=(
            "tests/protocol/test_dispatcher.py::test_a_request_that_its_peer_gives_up_is_not_answered",
            "tests/spec/test_section_19_utilities.py::test_a_question_that_the_server_takes_back_is_closed_and_not_answered",
        ),
    ),
    Requirement(
        "21.7",
        "both",
        "MUST",
        "2026-07-28 basic/patterns/cancellation, 2025-11-25 basic/utilities/cancellation",
        "A malformed or unknown cancellation is ignored.",
        tests=(
            "tests/spec/test_section_19_utilities.py::test_a_cancellation_that_makes_no_sense_is_ignored_and_told_where_the_era_has_none",
        ),
    ),
    Requirement(
        "21.8",
        "both",
        "MUST",
        "2026-07-28 basic/patterns/cancellation, 2025-11-25 basic/utilities/cancellation",
        "A task is given up with tasks/cancel and never with notifications/cancelled.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_task_is_given_up_by_its_own_request_and_by_no_notification",
        ),
    ),
    Requirement(
        "21.9",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/cancellation, 2025-11-25 basic/utilities/cancellation",
        "notifications/cancelled from the server for anything but a subscription is told.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_a_subscription_that_the_server_ends_harms_nothing",
            "tests/spec/test_section_19_utilities.py::test_a_cancellation_that_makes_no_sense_is_ignored_and_told_where_the_era_has_none",
        ),
    ),
    Requirement(
        "21.10",
        "both",
        "SHOULD",
        "2026-07-28 basic/patterns/cancellation, 2025-11-25 basic/utilities/cancellation",
        "Only what is still in flight is cancelled: after the answer nothing is sent.",
        tests=("tests/spec/test_section_19_utilities.py::test_after_the_answer_nothing_is_cancelled",),
    ),
    Requirement(
        "21.11",
        "both",
        "SHOULD",
        "2025-11-25 basic/utilities/cancellation",
        "The reason with which a request is given up reaches the server.",
        tests=(
            "tests/protocol/test_dispatcher.py::test_a_time_out_says_cancelled_to_the_peer_and_a_late_answer_harms_nothing",
        ),
    ),
)
