"""What is asked for depending on what stands there: ``if``/``then``/``else``, ``dependentRequired``.

Owns bringing an object's members in line with its conditions. A member that is not asked for any more is put on the
shelf with what stands in it, and comes back from there.
"""

from __future__ import annotations

from ...services.models import JsonObject, as_list, as_object
from .fitting import holds
from .gathering import value_of
from .nodes import Node, NodeKind
from .resolving import merged, resolved


def settle(node: Node) -> bool:
    """Apply the conditions of one object; whether anything about its members changed."""
    if node.kind is not NodeKind.OBJECT or not (node.resolved.conditions or "dependentRequired" in node.schema):
        return False
    value = value_of(node)
    standing: JsonObject = value if isinstance(value, dict) else {}
    wanted = _wanted(node, standing)
    required = {name for name in as_list(wanted.get("required")) if isinstance(name, str)}
    for name, needed in as_object(wanted.get("dependentRequired")).items():
        if name in standing:
            required |= {one for one in as_list(needed) if isinstance(one, str)}
    changed = False
    parts = as_object(wanted.get("properties"))
    for one in [*node.members]:
        if one.declared and one.key not in parts and one.key not in required:
            node.members.remove(one)
            node.shelf[one.key] = one
            changed = True
    for name in [*parts, *(name for name in required if name not in parts)]:
        changed = _shown(node, name, parts.get(name, {}), name in required) or changed
    places = {name: index for index, name in enumerate(parts)}
    node.members.sort(key=lambda one: places.get(one.key, len(places)))
    return changed


def settle_up(node: Node) -> bool:
    """Apply the conditions of everything that ``node`` stands in."""
    changed = False
    above = node.parent
    while above is not None:
        for _ in range(4):
            if not settle(above):
                break
            changed = True
        above = above.parent
    return changed


def _shown(node: Node, name: str, schema: object, required: bool) -> bool:
    """See to it that a member is there, as the schema wants it now."""
    part = as_object(schema)
    known = node.named(name)
    if known is None:
        kept = node.shelf.pop(name, None)
        known = kept if kept is not None else node.member(name, part, required)
        node.members.append(known)
        if kept is None or _key(kept) == _key_of(part, node):
            known.declared = True
            _require(known, required)
            return True
    if known.declared and _key(known) != _key_of(part, node):
        from .filling import carry

        fresh = node.member(name, part, required)
        carry(known, fresh)
        node.members[node.members.index(known)] = fresh
        return True
    return _require(known, required)


def _require(node: Node, required: bool) -> bool:
    if node.required == required:
        return False
    from dataclasses import replace

    node.required = required
    node.field = replace(node.field, required=required)
    return True


def _key(node: Node) -> JsonObject:
    return node.schema


def _key_of(part: JsonObject, node: Node) -> JsonObject:
    return resolved(part, node.root).schema


def _wanted(node: Node, standing: JsonObject) -> JsonObject:
    whole = node.schema
    node.untold = False
    for condition in node.resolved.conditions:
        told = holds(condition.get("if", True), standing, node.root)
        if told is None:
            node.untold = True
            continue
        branch = condition.get("then" if told else "else")
        if isinstance(branch, dict):
            inner = resolved(branch, node.root)
            whole = merged(whole, inner.schema)
            for further in inner.conditions:
                holding = holds(further.get("if", True), standing, node.root)
                part = further.get("then" if holding else "else") if holding is not None else None
                whole = merged(whole, resolved(part, node.root).schema) if isinstance(part, dict) else whole
    return whole
