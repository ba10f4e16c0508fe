"""Sections 16 to 18: subscriptions, change notifications, caching.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

CHANGES: tuple[Requirement, ...] = (
    Requirement(
        "16.1",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/subscriptions",
        "A subscription names what it wants in params.notifications, and only what the server announces.",
        tests=("tests/spec/test_section_16_changes.py::test_only_what_the_server_announces_is_asked_for",),
    ),
    Requirement(
        "16.2",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/subscriptions",
        "Messages are told apart by the subscription id in _meta, which is the id of the listen request.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_messages_go_by_their_subscription_and_the_type_of_its_id_counts",
            "tests/spec/test_section_16_changes.py::test_a_message_before_the_acknowledgement_is_told",
        ),
    ),
    Requirement(
        "16.3",
        "modern",
        "SHOULD",
        "2026-07-28 basic/patterns/subscriptions",
        "The acknowledged subset is compared with what was asked, and a difference is told.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_what_was_not_granted_is_told",
            "tests/spec/test_section_16_changes.py::test_a_subscription_to_a_resource_that_is_not_granted_fails",
        ),
    ),
    Requirement(
        "16.4",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/subscriptions",
        "A notification on the stream that nobody asked for is told.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_a_notification_that_nobody_asked_for_is_told",
            "tests/spec/test_section_16_changes.py::test_a_change_right_after_the_acknowledgement_is_no_broken_rule",
        ),
    ),
    Requirement(
        "16.5",
        "modern",
        "I",
        "2026-07-28 basic/patterns/subscriptions",
        "After the acknowledgement the lists are read again, so that no change is missed.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_lists_are_read_after_the_acknowledgement_and_when_they_change",
        ),
    ),
    Requirement(
        "16.6",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/subscriptions",
        "A subscription is ended by closing its stream (HTTP) or by notifications/cancelled (stdio).",
        tests=(
            "tests/spec/test_section_10_http.py::test_a_subscription_over_http_is_a_stream_that_is_closed_at_its_end_and_opened_again_when_it_breaks",
            "tests/spec/test_section_16_changes.py::test_a_resource_is_watched_in_a_new_subscription_and_the_old_one_is_left",
        ),
    ),
    Requirement(
        "16.7",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/subscriptions",
        "A subscription that the server ends, with a result or with notifications/cancelled, harms nothing.",
        tests=("tests/spec/test_section_16_changes.py::test_a_subscription_that_the_server_ends_harms_nothing",),
    ),
    Requirement(
        "16.8",
        "modern",
        "MAY",
        "2026-07-28 basic/patterns/subscriptions",
        "A subscription that broke is made again with a new id and a growing delay.",
        tests=("tests/spec/test_section_16_changes.py::test_a_subscription_that_broke_is_made_again_with_a_new_id",),
    ),
    Requirement(
        "16.9",
        "modern",
        "I",
        "2026-07-28 basic/patterns/subscriptions",
        "Waiting on a subscription has no time limit once it is acknowledged.",
        tests=(
            "tests/spec/test_section_44_pitfalls.py::test_no_silence_of_a_stream_is_taken_for_its_end",
            "tests/spec/test_section_16_changes.py::test_lists_are_read_after_the_acknowledgement_and_when_they_change",
        ),
    ),
    Requirement(
        "16.10",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/subscriptions",
        "resources/updated may name a resource below the one that was subscribed.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_messages_go_by_their_subscription_and_the_type_of_its_id_counts",
            "tests/spec/test_section_16_changes.py::test_a_resource_is_watched_in_a_new_subscription_and_the_old_one_is_left",
        ),
    ),
    Requirement(
        "16.11",
        "modern",
        "I",
        "2026-07-28 basic/patterns/subscriptions",
        "Without an acknowledgement in time the subscription counts as failed.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_without_an_acknowledgement_in_time_a_subscription_has_failed",
            "tests/spec/test_section_16_changes.py::test_an_answer_without_an_acknowledgement_is_told",
        ),
    ),
    Requirement(
        "16.12",
        "modern",
        "I",
        "2026-07-28 basic/patterns/subscriptions",
        "A change notification that names no subscription is told.",
        tests=("tests/spec/test_section_16_changes.py::test_a_change_that_names_no_subscription_is_told",),
    ),
    Requirement(
        "16.13",
        "modern",
        "I",
        "2026-07-28 basic/patterns/subscriptions",
        "For another filter a new subscription is opened, and the old one left only when that is acknowledged.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_the_old_subscription_is_left_only_when_the_new_one_is_acknowledged",
            "tests/spec/test_section_16_changes.py::test_a_resource_is_watched_in_a_new_subscription_and_the_old_one_is_left",
        ),
    ),
    Requirement(
        "16.14",
        "modern",
        "MUST",
        "2026-07-28 basic/patterns/subscriptions",
        "Log messages, progress and requests never belong on a subscription: they are told.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_what_never_belongs_on_a_subscription_is_told",
            "tests/spec/test_section_02_json_rpc.py::test_a_request_of_a_stateless_server_gets_no_answer_and_is_told",
        ),
    ),
    Requirement(
        "16.15",
        "modern",
        "I",
        "2026-07-28 basic/patterns/subscriptions",
        "A stream that stays open takes no other request's connection.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_streams_that_stay_open_leave_room_for_every_other_request",
        ),
    ),
    Requirement(
        "16.16",
        "modern",
        "I",
        "2026-07-28 basic/patterns/subscriptions",
        "How the listening stands is told: connecting, listening, granted in part, lost, closed.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_how_the_listening_stands_is_told",
            "tests/ui/test_deck_protocol.py::test_the_overview_shows_subscriptions_the_stream_and_the_log_level",
        ),
    ),
    Requirement(
        "17.1",
        "legacy",
        "MUST",
        "2025-11-25 server/resources#subscriptions",
        "resources/subscribe and resources/unsubscribe name the uri exactly as it was listed.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_in_the_handshake_era_a_resource_is_subscribed_by_its_uri_as_it_was_listed",
        ),
    ),
    Requirement(
        "17.2",
        "legacy",
        "MUST",
        "2025-11-25 server/tools#list-changed-notification",
        "list_changed leads to a fresh list.",
        tests=("tests/session/test_session.py::test_a_changed_list_is_read_again_and_a_failing_one_keeps_the_last",),
    ),
    Requirement(
        "17.3",
        "legacy",
        "I",
        "2025-11-25 server/resources#subscriptions",
        "resources/updated reaches whoever watches.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_in_the_handshake_era_a_resource_is_subscribed_by_its_uri_as_it_was_listed",
        ),
    ),
    Requirement(
        "17.4",
        "legacy",
        "I",
        "2025-11-25 server/resources#subscriptions",
        "list_changed of a server that did not announce it is followed and told.",
        tests=(
            "tests/spec/test_section_16_changes.py::test_a_change_that_was_not_announced_is_followed_and_told",
            "tests/spec/test_section_16_changes.py::test_a_change_right_after_the_handshake_is_no_broken_rule",
        ),
    ),
    Requirement(
        "17.5",
        "legacy",
        "I",
        "2025-11-25 server/resources#subscriptions",
        "Subscriptions are made again after a new session.",
        tests=("tests/spec/test_section_16_changes.py::test_subscriptions_are_made_again_in_a_new_session",),
    ),
    Requirement(
        "18.1",
        "modern",
        "MUST",
        "2026-07-28 server/utilities/caching",
        "A list without a usable ttlMs or cacheScope is told.",
        tests=(
            "tests/spec/test_section_18_caching.py::test_a_list_without_usable_hints_is_told",
            "tests/spec/test_section_18_caching.py::test_hints_are_not_asked_of_the_handshake_era",
        ),
    ),
    Requirement(
        "18.2",
        "modern",
        "MUST",
        "2026-07-28 server/utilities/caching",
        "A result is fresh for ttlMs after it was received; an absent, zero or negative ttlMs is stale at once.",
        tests=("tests/spec/test_section_18_caching.py::test_what_the_hints_say_stands_beside_the_list",),
    ),
    Requirement(
        "18.3",
        "modern",
        "SHOULD",
        "2026-07-28 server/utilities/caching",
        "A list is not fetched again just because its time is up.",
        tests=(
            "tests/spec/test_section_18_caching.py::test_a_list_is_read_again_when_it_changed_and_not_because_its_time_is_up",
        ),
    ),
    Requirement(
        "18.4",
        "modern",
        "MUST",
        "2026-07-28 server/utilities/caching",
        "A cached result serves the same method and params only.",
        tests=(
            "tests/spec/test_section_18_caching.py::test_every_reading_that_is_asked_for_goes_to_the_server_with_its_own_params",
        ),
    ),
    Requirement(
        "18.5",
        "modern",
        "MUST",
        "2026-07-28 server/utilities/caching",
        "A private result is not shared between authorization contexts.",
        tests=(
            "tests/session/test_memory.py::test_another_login_or_another_entry_sees_nothing_of_the_first",
            "tests/spec/test_section_18_caching.py::test_what_was_kept_of_a_server_is_not_shown_to_another_login",
        ),
    ),
    Requirement(
        "18.6",
        "modern",
        "SHOULD",
        "2026-07-28 server/utilities/caching",
        "A notification about a list or resource makes what is cached of it stale at once.",
        tests=(
            "tests/spec/test_section_18_caching.py::test_a_list_is_read_again_when_it_changed_and_not_because_its_time_is_up",
        ),
    ),
    Requirement(
        "18.7",
        "modern",
        "MUST",
        "2026-07-28 server/utilities/caching",
        "The result of a request that carried inputResponses or requestState is never cached.",
        tests=("tests/spec/test_section_15_rounds.py::test_what_a_retry_brought_is_never_served_again",),
    ),
    Requirement(
        "18.8",
        "modern",
        "I",
        "2026-07-28 server/utilities/caching",
        "A result without a scope counts as private.",
        tests=(
            "tests/spec/test_section_18_caching.py::test_what_the_hints_say_stands_beside_the_list",
            "tests/spec/test_section_18_caching.py::test_what_was_kept_of_a_server_is_not_shown_to_another_login",
        ),
    ),
    Requirement(
        "18.9",
        "both",
        "I",
        "2026-07-28 server/utilities/caching",
        "Lists that were kept are shown at once after a reconnect, marked as such, and read again.",
        tests=(
            "tests/spec/test_section_18_caching.py::test_what_was_kept_is_shown_at_once_and_read_again_all_the_same",
        ),
    ),
    Requirement(
        "18.10",
        "modern",
        "I",
        "2026-07-28 server/utilities/caching",
        "A resource that was read without a usable ttlMs or cacheScope is told.",
        tests=("tests/spec/test_section_18_caching.py::test_a_resource_that_was_read_without_usable_hints_is_told",),
    ),
    Requirement(
        "18.11",
        "modern",
        "MUST",
        "2026-07-28 server/utilities/caching",
        "Pages of one list with different cache scopes are told.",
        tests=("tests/spec/test_section_18_caching.py::test_pages_of_one_list_with_different_scopes_are_told",),
    ),
    Requirement(
        "18.12",
        "modern",
        "I",
        "2026-07-28 server/utilities/caching",
        "A list is as fresh as its first page to go stale, and is read anew from its beginning.",
        tests=(
            "tests/spec/test_section_18_caching.py::test_a_list_is_as_fresh_as_its_first_page_to_go_stale_and_is_read_from_its_beginning",
        ),
    ),
    Requirement(
        "18.13",
        "both",
        "I",
        "2026-07-28 server/utilities/caching",
        "Age and scope of a list are shown, and a list beyond its time is called so.",
        tests=(
            "tests/ui/test_deck_protocol.py::test_the_overview_says_how_fresh_each_list_is",
            "tests/ui/test_deck_protocol.py::test_a_list_beyond_its_time_is_called_so",
        ),
    ),
)
