"""Problems that name a path, and the nodes that they are about.

Owns reading ``travellers[0].name: what is wrong`` (also ``/travellers/0/name`` and ``$.travellers``). Never judges.
"""

from __future__ import annotations

from .nodes import Node, NodeKind


def place_of(tree: Node, problem: str) -> tuple[Node | None, str]:
    """The deepest node on the path, and the words for it: without the path where it leads to the node itself."""
    rest = problem.lstrip("/$.")
    node, found = tree, False
    while True:
        node = _inner(node)
        following, after = _step(node, rest)
        if following is None:
            break
        node, rest, found = following, after, True
    if not found:
        return None, problem
    words = rest.lstrip("/$. ")
    return node, words[1:].strip() if words.startswith(":") else problem


def _inner(node: Node) -> Node:
    while node.kind is NodeKind.UNION and node.active is not None and not node.as_json:
        node = node.active
    return node


def _step(node: Node, rest: str) -> tuple[Node | None, str]:
    if node.as_json:
        return None, rest
    if node.kind is NodeKind.ARRAY:
        digits = rest.lstrip("[/.")
        number = digits[: len(digits) - len(digits.lstrip("0123456789"))]
        if number and len(number) < 7 and int(number) < len(node.members):
            return node.members[int(number)], digits[len(number) :].removeprefix("]")
        return None, rest
    if node.kind is NodeKind.OBJECT:
        text = rest.lstrip("/.")
        for one in sorted(node.members, key=lambda member: -len(member.key)):
            if one.key and text.startswith(one.key) and text[len(one.key) :][:1] in (":", ".", "[", "/"):
                return one, text[len(one.key) :]
    return None, rest
