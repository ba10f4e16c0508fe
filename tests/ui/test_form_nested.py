"""The form of a tool: objects in objects, lists, ways to choose from, and nothing in three kinds."""

from __future__ import annotations

from textual.pilot import Pilot

from mcpdeck.services.models import JsonObject, Tool
from mcpdeck.widgets.form_fields import FieldRow
from mcpdeck.widgets.form_subject import Subject
from mcpdeck.widgets.tool_form import ToolForm
from tests.ui.form_stage import Stage, burst, settle, staged, text_of
from tests.ui.states import tool
from tests.ui.tool_stage import sent, shown

ORDER = tool(
    "create_order",
    "Creates an order.",
    {
        "customer": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "phone": {"type": ["string", "null"]}},
        },
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "payment": {
            "oneOf": [
                {
                    "title": "Card",
                    "type": "object",
                    "properties": {"kind": {"const": "card"}, "token": {"type": "string"}},
                    "required": ["kind", "token"],
                },
                {
                    "title": "Invoice",
                    "type": "object",
                    "properties": {"kind": {"const": "invoice"}},
                    "required": ["kind"],
                },
            ]
        },
        "address": {"type": "object", "properties": {"city": {"type": "string"}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    ("customer",),
)


def labels(form: ToolForm) -> list[str]:
    return [row.node.label for row in form.query(FieldRow)]


async def at(form: ToolForm, app: Stage, pilot: Pilot[None], *names: str | int) -> None:
    """Focus the row of a path."""
    node = form._draft.tree if form._draft is not None else None
    for name in names:
        assert node is not None
        if node.active is not None:
            node = node.active
        node = node.members[name] if isinstance(name, int) else node.named(name)
    assert node is not None
    form._fields.focus_node(node)
    await settle(app, pilot)


async def called(app: Stage, pilot: Pilot[None]) -> JsonObject:
    await pilot.press("ctrl+r")
    await settle(app, pilot)
    return sent(app)[-1][0]


async def test_what_is_typed_first_goes_into_the_first_field_of_a_required_object() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        await pilot.press(*"Ann")
        assert await called(app, pilot) == {"customer": {"name": "Ann"}}


async def test_an_optional_object_is_unset_until_something_stands_in_it() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        await pilot.press(*"Ann")
        await at(form, app, pilot, "address")
        await pilot.press("enter")
        await settle(app, pilot)
        assert "city" in labels(form)
        assert await called(app, pilot) == {"customer": {"name": "Ann"}}
        await pilot.press("tab", *"Bern")
        assert await called(app, pilot) == {"customer": {"name": "Ann"}, "address": {"city": "Bern"}}
        await at(form, app, pilot, "address")
        await pilot.press("backspace")
        await settle(app, pilot)
        assert await called(app, pilot) == {"customer": {"name": "Ann"}}


async def test_items_are_added_moved_and_removed_by_keys() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        await pilot.press(*"Ann")
        await at(form, app, pilot, "tags")
        for word in "one", "two", "three":
            await pilot.press("plus")
            await settle(app, pilot)
            await pilot.press(*word)
            await at(form, app, pilot, "tags")
        await at(form, app, pilot, "tags", 2)
        await pilot.press("alt+up")
        await settle(app, pilot)
        assert (await called(app, pilot))["tags"] == ["one", "three", "two"]
        assert text_of(app).index("three") < text_of(app).index("two")
        await pilot.press("alt+x")
        await settle(app, pilot)
        assert (await called(app, pilot))["tags"] == ["one", "two"]
        await pilot.press("alt+n")
        await settle(app, pilot)
        await pilot.press(*"one")
        await pilot.press("ctrl+r")
        await settle(app, pilot)
        assert "are the same" in text_of(app)


async def test_enter_in_an_item_goes_on_to_the_next_and_adds_one_at_the_end() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        await pilot.press(*"Ann")
        await at(form, app, pilot, "tags")
        await pilot.press("plus")
        await settle(app, pilot)
        await pilot.press("a", "enter", "enter")
        await settle(app, pilot)
        await pilot.press("b")
        assert (await called(app, pilot))["tags"] == ["a", "b"]


async def test_a_list_is_unset_empty_or_filled_and_each_can_be_chosen() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        await pilot.press(*"Ann")
        await at(form, app, pilot, "tags")
        assert "tags" not in await called(app, pilot)
        await pilot.press("ctrl+n")
        await settle(app, pilot)
        assert "[] empty" in text_of(app)
        assert (await called(app, pilot))["tags"] == []
        await pilot.press("ctrl+n")
        await settle(app, pilot)
        assert "tags" not in await called(app, pilot)


async def test_unset_the_empty_text_and_null_are_three_things() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        await pilot.press(*"Ann")
        await at(form, app, pilot, "customer", "phone")
        assert 'Ctrl+N: "" or null' in text_of(app)
        found: list[object] = []
        for _ in range(3):
            await pilot.press("ctrl+n")
            await settle(app, pilot)
            customer = (await called(app, pilot))["customer"]
            assert isinstance(customer, dict)
            found.append(customer.get("phone", "unset"))
        assert found == ["", None, "unset"]


async def test_a_way_is_chosen_and_each_keeps_what_was_typed_into_it() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        await pilot.press(*"Ann")
        await at(form, app, pilot, "payment")
        await pilot.press("C")
        await settle(app, pilot)
        await at(form, app, pilot, "payment", "token")
        await pilot.press(*"t1")
        assert (await called(app, pilot))["payment"] == {"kind": "card", "token": "t1"}
        await at(form, app, pilot, "payment")
        await pilot.press("I")
        await settle(app, pilot)
        assert "token" not in labels(form)
        assert (await called(app, pilot))["payment"] == {"kind": "invoice"}
        await at(form, app, pilot, "payment")
        await pilot.press("C")
        await settle(app, pilot)
        assert (await called(app, pilot))["payment"] == {"kind": "card", "token": "t1"}


async def test_json_goes_into_the_way_it_fits_and_unknown_members_stay_in_their_place() -> None:
    form = ToolForm()
    values: JsonObject = {
        "odd": [1.0, {"x": None}],
        "payment": {"more": 1, "kind": "invoice"},
        "labels": {"b": "1", "a": "2"},
        "customer": {"phone": None, "name": ""},
    }
    async with staged(form, size=(76, 40)) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        form.fill(values)
        await settle(app, pilot)
        assert "not named in the schema" in text_of(app)
        got = await called(app, pilot)
        assert got == values
        assert list(got) == list(values)
        payment = got["payment"]
        assert isinstance(payment, dict)
        assert list(payment) == ["more", "kind"]


async def test_members_are_added_by_name() -> None:
    form = ToolForm()
    async with staged(form, size=(76, 40)) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        await pilot.press(*"Ann")
        await at(form, app, pilot, "labels")
        await pilot.press("enter")
        await settle(app, pilot)
        await pilot.press("tab", *"team", "enter")
        await settle(app, pilot)
        await pilot.press(*"red")
        assert (await called(app, pilot))["labels"] == {"team": "red"}
        await pilot.press("alt+x")
        await settle(app, pilot)
        assert "labels" not in await called(app, pilot) or (await called(app, pilot))["labels"] == {}


async def test_a_problem_deep_inside_opens_what_it_lies_in_and_stands_at_its_field() -> None:
    form = ToolForm()
    async with staged(form, size=(76, 40)) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        form.fill({"customer": {"name": "x"}, "address": {"city": "y"}})
        await at(form, app, pilot, "address")
        await pilot.press("left")
        await settle(app, pilot)
        assert "city" not in labels(form)
        form.refuse(["address.city: there is no such place"])
        await settle(app, pilot)
        assert "✖ there is no such place" in text_of(app)


async def test_what_will_be_sent_is_always_there_and_can_be_opened() -> None:
    form = ToolForm()
    async with staged(form, size=(76, 40)) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        await pilot.press(*"Ann")
        await settle(app, pilot)
        assert 'sends {"customer": {"name": "Ann"}}' in text_of(app)
        await pilot.press("alt+s")
        await settle(app, pilot)
        assert '"name": "Ann"' in text_of(app)
        assert "Alt+S folds" in text_of(app)


async def test_what_was_typed_goes_on_when_the_tool_is_listed_with_another_schema() -> None:
    form = ToolForm()
    other = tool(
        "create_order",
        "",
        {
            "customer": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 9}}},
            "tags": {"type": "array", "items": {"type": "integer"}},
        },
    )
    async with staged(form, size=(76, 40)) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        form.fill({"customer": {"name": "Ann"}, "tags": ["x"], "labels": {"a": "b"}})
        await settle(app, pilot)
        form.subject = Subject.of_tool("demo", other)
        await settle(app, pilot)
        assert form.arguments() == {"customer": {"name": "Ann"}, "tags": ["x"], "labels": {"a": "b"}}


async def test_values_of_last_time_stand_there_and_one_key_empties_and_brings_back() -> None:
    form = ToolForm(remembered=lambda subject: {"customer": {"name": subject.name}})
    async with staged(form, size=(90, 40)) as (app, pilot):
        await shown(app, pilot, form, ORDER)
        assert "as sent last time · F8 empties" in text_of(app)
        assert form.values == {"customer": {"name": "create_order"}}
        await pilot.press("f8")
        await settle(app, pilot)
        assert form.values == {"customer": {}}
        await pilot.press("f8")
        await settle(app, pilot)
        assert form.values == {"customer": {"name": "create_order"}}


async def test_fields_that_are_asked_for_depend_on_what_stands_there() -> None:
    form = ToolForm()
    schema: Tool = tool(
        "ship",
        "",
        {"how": {"enum": ["post", "self"]}},
        ("how",),
    )
    schema.input_schema["if"] = {"properties": {"how": {"const": "post"}}, "required": ["how"]}
    schema.input_schema["then"] = {"properties": {"street": {"type": "string"}}, "required": ["street"]}
    schema.input_schema["else"] = {"properties": {"at": {"type": "string"}}}
    async with staged(form, size=(76, 30)) as (app, pilot):
        await shown(app, pilot, form, schema)
        await pilot.press("p")
        await settle(app, pilot)
        assert labels(form) == ["how", "street"]
        await pilot.press("tab", *"Main", "shift+tab", "s")
        await settle(app, pilot)
        assert labels(form) == ["how", "at"]
        await pilot.press("p")
        await settle(app, pilot)
        assert await called(app, pilot) == {"how": "post", "street": "Main"}


async def test_three_hundred_fields_are_reached_key_by_key_and_only_those_in_sight_are_made() -> None:
    form = ToolForm()
    wide = tool("wide", "", {f"field_{number}": {"type": "string"} for number in range(300)})
    async with staged(form, size=(60, 20)) as (app, pilot):
        await shown(app, pilot, form, wide)
        assert len(form.query(FieldRow)) < 40
        assert "more, further down" in form._fields._more.render().__str__()
        await burst(app, pilot, *["tab"] * 299, *"end")
        assert form.values == {"field_299": "end"}


async def test_keys_that_arrive_while_the_form_is_made_stand_in_it_in_order() -> None:
    form = ToolForm()
    async with staged(form) as (app, pilot):
        form.subject = Subject.of_tool("demo", ORDER)
        form.focus_first()
        await pilot.pause()
        await burst(app, pilot, *"Ann Lee", "tab", *"555")
        assert form.values == {"customer": {"name": "Ann Lee", "phone": "555"}}
