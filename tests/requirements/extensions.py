"""Section 36: extensions, tasks of both eras, apps.

Owns these entries of the manifest. Never runs anything.
"""

from __future__ import annotations

from .model import Requirement

EXTENSIONS: tuple[Requirement, ...] = (
    Requirement(
        "36.0.1",
        "both",
        "MUST",
        "2026-07-28 basic/versioning#extension-negotiation",
        "An extension is declared with an object of settings, and only when it is on.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_an_extension_is_declared_with_its_settings_and_only_when_it_is_on",
        ),
    ),
    Requirement(
        "36.0.2",
        "both",
        "MUST",
        "2026-07-28 basic/versioning#extension-negotiation",
        "Extensions of the server are kept as they are.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_extensions_and_unknown_capabilities_of_the_server_are_kept_as_they_are",
        ),
    ),
    Requirement(
        "36.0.3",
        "both",
        "SHOULD",
        "2026-07-28 basic/versioning#extension-negotiation",
        "An extension is used only when both sides declared it.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_the_task_extension_is_not_used_with_a_server_that_does_not_declare_it",
        ),
    ),
    Requirement(
        "36.0.4",
        "both",
        "I",
        "2026-07-28 basic/versioning#extension-negotiation",
        "Extensions of both sides are shown raw, with those that are in effect.",
        tests=(
            "tests/ui/test_deck_protocol.py::test_extensions_and_experiments_are_shown_as_they_are_and_where_they_are_in_effect",
        ),
    ),
    Requirement(
        "36.1.1",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/tasks",
        "A call becomes a task only where the server declares it.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_call_does_not_become_a_task_where_the_server_does_not_declare_it",
            "tests/spec/test_section_36_tasks.py::test_each_form_of_tasks_means_nothing_in_the_other_era",
        ),
    ),
    Requirement(
        "36.1.2",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/tasks",
        "A tool that requires a task is called as one.",
        tests=("tests/spec/test_section_36_tasks.py::test_a_tool_that_requires_a_task_is_called_as_one",),
    ),
    Requirement(
        "36.1.3",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/tasks",
        "The nested task of the answer is followed with tasks/get until its end, with the interval the server names.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_task_of_the_core_is_followed_until_its_end_and_gives_the_result_of_the_call",
        ),
    ),
    Requirement(
        "36.1.4",
        "legacy",
        "SHOULD",
        "2025-11-25 basic/utilities/tasks",
        "input_required leads to tasks/result, where questions are answered.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_task_of_the_core_that_needs_input_is_asked_for_its_result_and_its_question_answered",
        ),
    ),
    Requirement(
        "36.1.5",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/tasks",
        "tasks/result gives the result or error of the call itself.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_task_of_the_core_is_followed_until_its_end_and_gives_the_result_of_the_call",
            "tests/spec/test_section_36_tasks.py::test_the_error_of_a_task_of_the_core_is_the_error_of_its_call",
        ),
    ),
    Requirement(
        "36.1.6",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/tasks",
        "tasks/list is read page by page, and tasks/cancel gives the task.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_tasks_of_the_core_are_listed_with_all_pages_and_cancelled_by_their_own_request",
        ),
    ),
    Requirement(
        "36.1.7",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/tasks",
        "Tasks are not declared for our side: a task in a server's request is ignored and the request handled.",
        tests=(
            "tests/spec/test_section_03_errors.py::test_what_is_declared_has_the_shape_of_its_revision",
            "tests/spec/test_section_36_tasks.py::test_a_task_that_a_server_wants_us_to_keep_is_an_ordinary_question",
        ),
    ),
    Requirement(
        "36.1.8",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/tasks",
        "notifications/tasks/status is welcome and never relied on.",
        tests=("tests/spec/test_section_36_tasks.py::test_news_of_a_task_harm_nothing_whatever_they_say",),
    ),
    Requirement(
        "36.1.9",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/tasks",
        "A tool that does not allow it is not called as a task.",
        tests=("tests/spec/test_section_36_tasks.py::test_a_tool_that_does_not_allow_it_is_not_called_as_a_task",),
    ),
    Requirement(
        "36.1.10",
        "legacy",
        "MUST",
        "2025-11-25 basic/utilities/tasks",
        "The answer to a question of a task names the task as the question did.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_task_of_the_core_that_needs_input_is_asked_for_its_result_and_its_question_answered",
        ),
    ),
    Requirement(
        "36.2.1",
        "modern",
        "MUST",
        "tasks extension",
        "The extension is declared with every request that may lead to a task or is about one.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_the_task_extension_is_not_used_with_a_server_that_does_not_declare_it",
            "tests/spec/test_section_36_tasks.py::test_a_task_of_the_extension_is_followed_with_the_extension_declared_each_time",
        ),
    ),
    Requirement(
        "36.2.2",
        "modern",
        "MUST",
        "tasks extension",
        "A flat task in the answer of tools/call is followed with tasks/get until its end.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_task_of_the_extension_is_followed_with_the_extension_declared_each_time",
            "tests/spec/test_section_36_tasks.py::test_a_result_instead_of_a_task_is_fine_too",
        ),
    ),
    Requirement(
        "36.2.3",
        "modern",
        "SHOULD",
        "tasks extension",
        "The poll interval that the server names last is kept.",
        tests=("tests/spec/test_section_36_tasks.py::test_news_of_a_task_are_looked_at_before_the_interval_is_over",),
    ),
    Requirement(
        "36.2.4",
        "modern",
        "MUST",
        "tasks extension",
        "completed carries the result, failed the error, and cancelled is said.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_task_of_the_extension_that_failed_or_was_cancelled_says_why",
        ),
    ),
    Requirement(
        "36.2.5",
        "modern",
        "MUST",
        "tasks extension",
        "input_required is answered with tasks/update, each key once.",
        tests=("tests/spec/test_section_36_tasks.py::test_each_question_of_a_task_is_answered_once",),
    ),
    Requirement(
        "36.2.6",
        "modern",
        "MUST",
        "tasks extension",
        "The original call is not sent again once there is a task.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_task_of_the_extension_is_followed_with_the_extension_declared_each_time",
            "tests/spec/test_section_36_tasks.py::test_each_question_of_a_task_is_answered_once",
        ),
    ),
    Requirement(
        "36.2.7",
        "modern",
        "MUST",
        "tasks extension",
        "A task is cancelled with tasks/cancel.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_task_is_given_up_by_its_own_request_and_by_no_notification",
        ),
    ),
    Requirement(
        "36.2.8",
        "modern",
        "MUST",
        "tasks extension",
        "tasks/list and tasks/result are not sent.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_task_of_the_extension_is_followed_with_the_extension_declared_each_time",
        ),
    ),
    Requirement(
        "36.2.9",
        "modern",
        "SHOULD",
        "tasks extension",
        "Task ids are kept, so that a restart finds them.",
        tests=(
            "tests/cli/test_memory.py::test_a_task_that_still_runs_when_its_command_ends_is_looked_at_by_the_next",
            "tests/session/test_memory.py::test_tasks_that_are_not_over_outlive_the_run",
            "tests/spec/test_section_36_tasks.py::test_a_task_that_still_ran_when_the_connection_was_lost_is_looked_at_in_the_next_one",
        ),
    ),
    Requirement(
        "36.2.10",
        "modern",
        "MUST",
        "tasks extension",
        "Mcp-Name carries the task id.",
        tests=("tests/spec/test_section_10_http.py::test_the_name_header_of_a_task_is_its_id",),
    ),
    Requirement(
        "36.2.11",
        "modern",
        "MAY",
        "tasks extension",
        "News of tasks are subscribed to with taskIds.",
        why="a task is looked at in the intervals that its server names; news that come by themselves are taken",
    ),
    Requirement(
        "36.2.12",
        "both",
        "MUST",
        "tasks extension",
        "The two forms of tasks are kept apart: neither means anything in the other era.",
        tests=("tests/spec/test_section_36_tasks.py::test_each_form_of_tasks_means_nothing_in_the_other_era",),
    ),
    Requirement(
        "36.2.13",
        "both",
        "SHOULD",
        "io.modelcontextprotocol/tasks",
        "A task whose time is up, unknown to its server, is said to be gone and forgotten.",
        tests=("tests/spec/test_section_36_tasks.py::test_a_task_whose_time_was_up_is_said_to_be_gone_and_forgotten",),
    ),
    Requirement(
        "36.2.14",
        "modern",
        "MUST",
        "io.modelcontextprotocol/tasks",
        "A look at a task goes by its status; a result type that belongs to a new task is told.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_a_look_at_a_task_goes_by_its_status_whatever_result_type_it_claims",
        ),
    ),
    Requirement(
        "36.3.1",
        "both",
        "I",
        "extension io.modelcontextprotocol/ui",
        "The extension is not declared: a terminal cannot host what it is for.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_an_extension_is_declared_with_its_settings_and_only_when_it_is_on",
        ),
    ),
    Requirement(
        "36.3.2",
        "both",
        "MUST",
        "extension io.modelcontextprotocol/ui",
        "A tool with a ui resource is an ordinary tool, its metadata kept.",
        tests=("tests/spec/test_section_26_tools.py::test_nothing_that_a_server_points_at_is_fetched_by_itself",),
    ),
    Requirement(
        "36.3.3",
        "both",
        "MUST",
        "extension io.modelcontextprotocol/ui",
        "HTML of an app is never opened, only kept as text.",
        tests=("tests/spec/test_section_26_tools.py::test_nothing_that_a_server_points_at_is_fetched_by_itself",),
    ),
    Requirement(
        "36.3.4",
        "both",
        "MUST",
        "extension io.modelcontextprotocol/ui",
        "A tool that is for apps only is set apart, so that nobody gives it to a model.",
        tests=(
            "tests/cli/test_tools_and_calls.py::test_a_tool_that_is_for_apps_only_is_set_apart_from_those_for_a_model",
        ),
    ),
    Requirement(
        "36.3.5",
        "both",
        "I",
        "io.modelcontextprotocol/ui 2026-01-26",
        "The ui:// resource of a tool is read like any other, listed or not, and the tool not called for it.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_the_page_of_an_app_is_read_by_its_uri_and_handed_on_as_text",
        ),
    ),
    Requirement(
        "36.3.6",
        "both",
        "I",
        "io.modelcontextprotocol/ui 2026-01-26",
        "Metadata of an app's page (content policy, permissions) is handed on as received.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_the_page_of_an_app_is_read_by_its_uri_and_handed_on_as_text",
        ),
    ),
    Requirement(
        "36.3.7",
        "both",
        "MUST",
        "io.modelcontextprotocol/ui 2026-01-26",
        "ui/* methods have no place between client and server: a request is refused.",
        tests=(
            "tests/spec/test_section_36_tasks.py::test_what_belongs_between_an_app_and_its_host_is_refused_on_the_wire",
        ),
    ),
    Requirement(
        "36.3.8",
        "both",
        "I",
        "io.modelcontextprotocol/ui 2026-01-26",
        "A tool with a page and without useful text is pointed out, and support for pages can be pretended.",
        why="nothing here draws pages, so no server is told otherwise; an empty result shows itself as one",
    ),
)
