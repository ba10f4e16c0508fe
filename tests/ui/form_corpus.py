"""Schemas shaped after those of servers in use: issue trackers, wikis, chats, payments, clusters, generated ones."""

from __future__ import annotations

from mcpdeck.services.models import Json, JsonObject


def obj(required: str = "", /, **properties: Json) -> JsonObject:
    schema: JsonObject = {"type": "object", "properties": {**properties}}
    if required:
        schema["required"] = [*required.split()]
    return schema


def arr(items: Json, **more: Json) -> JsonObject:
    return {"type": "array", "items": items, **more}


def text(**more: Json) -> JsonObject:
    return {"type": "string", **more}


def pick(*values: Json, **more: Json) -> JsonObject:
    return {"enum": [*values], **more}


def maybe(schema: Json, **more: Json) -> JsonObject:
    """As pydantic writes ``X | None = None``."""
    return {"anyOf": [schema, {"type": "null"}], "default": None, **more}


def some(*branches: Json, word: str = "anyOf") -> JsonObject:
    return {word: [*branches]}


def zod(schema: JsonObject) -> JsonObject:
    return {**schema, "additionalProperties": False, "$schema": "http://json-schema.org/draft-07/schema#"}


INT: JsonObject = {"type": "integer"}
NUM: JsonObject = {"type": "number"}
BOOL: JsonObject = {"type": "boolean"}
STR: JsonObject = {"type": "string"}
STATE = pick("open", "closed", "all", type="string", default="open")
REPO: dict[str, Json] = {"owner": text(description="Who owns it."), "repo": text(description="Its name.")}
RICH = arr(
    some(
        obj(
            "type text",
            type={"const": "text"},
            text=obj("content", content=text(maxLength=2000), link=maybe(obj("url", url=text(format="uri")))),
        ),
        obj("type equation", type={"const": "equation"}, equation=obj("expression", expression=STR)),
        word="oneOf",
    )
)
FILTER: JsonObject = {
    "oneOf": [
        obj("and", **{"and": arr({"$ref": "#/$defs/Filter"})}),
        obj("or", **{"or": arr({"$ref": "#/$defs/Filter"})}),
        obj("property equals", property=STR, equals=some(STR, NUM, BOOL)),
    ]
}
CONTAINER = obj(
    "name image",
    name=text(pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"),
    image=STR,
    command=arr(STR),
    env=arr(obj("name", name=STR, value=STR, valueFrom=obj("", secretKeyRef=obj("name key", name=STR, key=STR)))),
    ports=arr(
        obj(
            "containerPort",
            containerPort={"type": "integer", "minimum": 1, "maximum": 65535},
            protocol=pick("TCP", "UDP"),
        )
    ),
    resources=obj("", limits={"type": "object", "additionalProperties": STR}),
)

CORPUS: dict[str, JsonObject] = {
    # Issue trackers and code hosts.
    "issue-create": obj(
        "owner repo title", **REPO, title=STR, body=STR, assignees=arr(STR), labels=arr(STR), milestone=NUM
    ),
    "issue-list": obj(
        "owner repo",
        **REPO,
        state=STATE,
        labels=arr(STR),
        since=text(format="date-time"),
        page={"type": "number", "minimum": 1},
    ),
    "issue-update": obj(
        "owner repo number",
        **REPO,
        number=INT,
        state=pick("open", "closed"),
        state_reason=pick("completed", "not_planned", None),
    ),
    "files-push": obj(
        "owner repo branch files",
        **REPO,
        branch=STR,
        message=STR,
        files=arr(obj("path content", path=STR, content=STR), minItems=1),
    ),
    "review": obj(
        "owner repo pull",
        **REPO,
        pull=INT,
        event=pick("APPROVE", "REQUEST_CHANGES", "COMMENT"),
        comments=arr(
            some(
                obj("path line body", path=STR, line=INT, body=STR),
                obj("path position body", path=STR, position=INT, body=STR),
            )
        ),
    ),
    "search-code": obj(
        "q",
        q=STR,
        sort=pick("stars", "forks"),
        order=pick("asc", "desc"),
        per_page={"type": "integer", "minimum": 1, "maximum": 100, "default": 30},
    ),
    "jql": obj(
        "jql",
        jql=STR,
        fields={"anyOf": [arr(STR), STR], "default": "*all"},
        expand=maybe(STR),
        limit={"type": "integer", "default": 10, "minimum": 1, "maximum": 50},
    ),
    "transition": obj(
        "key to",
        key=text(pattern="^[A-Z]+-[0-9]+$"),
        to=obj("id", id=STR),
        fields={"type": "object", "additionalProperties": True},
    ),
    "merge": {
        **obj("number", number=INT, method=pick("merge", "squash", "rebase"), commit=STR),
        "if": {"properties": {"method": {"const": "squash"}}, "required": ["method"]},
        "then": {"required": ["commit"]},
    },
    "gist": obj("files", files={"type": "object", "additionalProperties": obj("content", content=STR)}, public=BOOL),
    # Wikis and notes.
    "page-create": obj(
        "parent properties",
        parent=some(
            obj("page_id", page_id=text(format="uuid")),
            obj("database_id", database_id=text(format="uuid")),
            obj("workspace", workspace={"const": True}),
            word="oneOf",
        ),
        properties={"type": "object", "additionalProperties": True},
        children=arr({}),
    ),
    "rich-text": obj("rich_text", rich_text=RICH),
    "database-query": {
        **obj(
            "id",
            id=STR,
            filter={"$ref": "#/$defs/Filter"},
            sorts=arr(obj("direction", property=STR, direction=pick("ascending", "descending"))),
        ),
        "$defs": {"Filter": FILTER},
    },
    "blocks": {
        **obj("blocks", blocks=arr({"$ref": "#/definitions/Block"})),
        "definitions": {"Block": obj("type", type=STR, children=arr({"$ref": "#/definitions/Block"}))},
    },
    "document": obj(
        "title",
        title=text(minLength=1, maxLength=200),
        content=text(description="Markdown."),
        tags=arr(STR, uniqueItems=True, maxItems=10),
    ),
    "search-wiki": obj(
        "query", query=STR, limit=maybe({"type": "integer", "maximum": 50, "minimum": 1}), spaces=maybe(arr(STR))
    ),
    "move": obj("from to", **{"from": STR, "to": STR}, overwrite={"type": "boolean", "default": False}),
    # Chats and mail.
    "post-message": obj(
        "channel",
        channel=STR,
        text=STR,
        thread_ts=text(pattern="^[0-9]+\\.[0-9]+$"),
        blocks=arr(
            some(
                obj("type", type={"const": "divider"}),
                obj(
                    "type text",
                    type={"const": "section"},
                    text=obj("type text", type=pick("mrkdwn", "plain_text"), text=STR),
                ),
                word="oneOf",
            )
        ),
    ),
    "reaction": obj("channel name timestamp", channel=STR, name=STR, timestamp=STR),
    "history": obj("channel", channel=STR, oldest=NUM, latest=NUM, inclusive=BOOL),
    "mail-send": obj(
        "to subject",
        to=arr(text(format="email"), minItems=1),
        cc=arr(text(format="email")),
        subject=STR,
        body=text(format="textarea"),
        attachments=arr(obj("name content", name=STR, content=text(contentEncoding="base64"), mimeType=STR)),
    ),
    "mail-search": obj(
        "", query=STR, after=text(format="date"), before=text(format="date"), unread={"type": ["boolean", "null"]}
    ),
    "webhook": obj("url", url=text(format="uri"), headers={"type": "object", "additionalProperties": STR}, body={}),
    "poll": obj(
        "question options",
        question=STR,
        options=arr(STR, minItems=2, maxItems=10),
        multiple=BOOL,
        closes=maybe(text(format="date-time")),
    ),
    "invite": obj(
        "who",
        who=some(obj("email", email=text(format="email")), obj("user_id", user_id=INT)),
        role=pick("guest", "member", enumNames=["Guest", "Member"]),
    ),
    # Payments.
    "customer": obj(
        "",
        email=maybe(text(format="email")),
        name=maybe(STR),
        address=obj("", line1=STR, city=STR, country=text(pattern="^[A-Z]{2}$")),
        metadata={"type": "object", "additionalProperties": text(maxLength=500)},
    ),
    "price": obj(
        "currency unit_amount",
        currency=text(minLength=3, maxLength=3),
        unit_amount={"type": "integer", "minimum": 0},
        recurring=obj(
            "interval", interval=pick("day", "week", "month", "year"), interval_count={"type": "integer", "minimum": 1}
        ),
    ),
    "checkout": obj(
        "items mode",
        items=arr(
            some(
                obj("price quantity", price=STR, quantity=INT),
                obj("data quantity", data=obj("name amount", name=STR, amount=INT), quantity=INT),
                word="oneOf",
            ),
            minItems=1,
        ),
        mode=pick("payment", "subscription"),
    ),
    "refund": {
        **obj(
            "charge",
            charge=STR,
            amount={"type": "integer", "exclusiveMinimum": 0},
            reason=pick("duplicate", "fraudulent"),
        ),
        "dependentRequired": {"reason": ["amount"]},
    },
    "balance": obj(""),
    "subscription": {"allOf": [obj("customer", customer=STR), obj("items", items=arr(obj("price", price=STR)))]},
    "payment-method": {
        **obj(
            "method",
            method={
                "oneOf": [{"$ref": "#/$defs/Card"}, {"$ref": "#/$defs/Bank"}],
                "discriminator": {"propertyName": "kind"},
            },
        ),
        "$defs": {
            "Card": obj("kind number", kind={"const": "card"}, number=STR),
            "Bank": obj("kind iban", kind={"const": "bank"}, iban=STR),
        },
    },
    # Clusters and clouds.
    "pod": obj(
        "metadata spec",
        metadata=obj("name", name=STR, labels={"type": "object", "additionalProperties": STR}),
        spec=obj(
            "containers", containers=arr(CONTAINER, minItems=1), restartPolicy=pick("Always", "OnFailure", "Never")
        ),
    ),
    "scale": obj(
        "name replicas",
        name=STR,
        namespace={"type": "string", "default": "default"},
        replicas={"type": "integer", "minimum": 0},
    ),
    "port": obj("port", port={"anyOf": [INT, STR], "x-int-or-string": True}),
    "logs": obj("pod", pod=STR, container=STR, tailLines={"type": ["integer", "null"], "minimum": 1}, previous=BOOL),
    "apply": obj("manifest", manifest={"type": ["object", "string"]}),
    "selector": obj(
        "",
        matchLabels={"type": "object", "patternProperties": {"^[a-z./-]+$": STR}, "additionalProperties": False},
        matchExpressions=arr(obj("key operator", key=STR, operator=pick("In", "NotIn", "Exists"), values=arr(STR))),
    ),
    "queue": obj("url", url=STR, attributes={"type": "object", "additionalProperties": some(STR, INT)}),
    "policy": obj(
        "Statement",
        Version=pick("2012-10-17"),
        Statement=arr(
            obj("Effect Action", Effect=pick("Allow", "Deny"), Action=some(STR, arr(STR)), Resource=some(STR, arr(STR)))
        ),
    ),
    # Automation.
    "zap": obj("instructions", instructions=STR, to=text(description="Whom. Left out it is guessed."), params={}),
    "row": obj("sheet values", sheet=STR, values=arr(arr({"type": ["string", "number", "boolean", "null"]}))),
    "event": obj(
        "summary start end",
        summary=STR,
        start=some(
            obj("date", date=text(format="date")), obj("dateTime", dateTime=text(format="date-time"), timeZone=STR)
        ),
        end=obj("dateTime", dateTime=text(format="date-time")),
        attendees=arr(obj("email", email=text(format="email"), optional=BOOL)),
        recurrence=arr(STR),
    ),
    "reminder": obj("at", at=text(format="time"), days=arr(pick("mon", "tue", "wed"), uniqueItems=True)),
    "coordinates": obj("at", at={"type": "array", "prefixItems": [NUM, NUM], "items": False, "minItems": 2}),
    "draft4-tuple": obj("range", range={"type": "array", "items": [INT, INT], "additionalItems": False}),
    # As FastMCP and pydantic write them.
    "pydantic-model": {
        **obj("user", user={"$ref": "#/$defs/User"}),
        "$defs": {
            "User": {
                **obj(
                    "name",
                    name={"title": "Name", "type": "string"},
                    age=maybe(INT, title="Age"),
                    tags=arr(STR, title="Tags", default=[]),
                ),
                "title": "User",
            }
        },
        "title": "createArguments",
    },
    "pydantic-union": {
        **obj("pet", pet={"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}], "title": "Pet"}),
        "$defs": {
            "Cat": {**obj("meows", meows=INT), "title": "Cat"},
            "Dog": {**obj("barks", barks=NUM), "title": "Dog"},
        },
    },
    "pydantic-tree": {
        **obj("root", root={"$ref": "#/$defs/Node"}),
        "$defs": {
            "Node": obj("value", value=INT, left=maybe({"$ref": "#/$defs/Node"}), right=maybe({"$ref": "#/$defs/Node"}))
        },
    },
    "pydantic-enum": {
        **obj("colour", colour={"allOf": [{"$ref": "#/$defs/Colour"}], "default": "red"}),
        "$defs": {"Colour": {"enum": ["red", "green"], "title": "Colour", "type": "string"}},
    },
    "pydantic-dict": obj("scores", scores={"additionalProperties": NUM, "title": "Scores", "type": "object"}),
    "pydantic-literal": obj(
        "mode", mode={"const": "fast", "title": "Mode", "type": "string"}, level={"enum": [1, 2, 3], "type": "integer"}
    ),
    "pydantic-bytes": obj(
        "data", data=text(format="binary"), when=maybe(text(format="date-time")), took=maybe(text(format="duration"))
    ),
    "pydantic-any": obj("anything", anything={"title": "Anything"}, many=arr({})),
    "pydantic-number": obj(
        "ratio",
        ratio={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        big={"type": "integer", "multipleOf": 5},
    ),
    "fastmcp-path": obj("path", path=text(format="path"), encoding={"type": "string", "default": "utf-8"}),
    # As zod writes them.
    "zod-strict": zod(obj("a", a=text(minLength=1), b={"type": "number"})),
    "zod-union": zod(
        obj(
            "shape",
            shape=some(
                zod(obj("kind r", kind={"type": "string", "const": "circle"}, r=NUM)),
                zod(obj("kind w h", kind={"type": "string", "const": "box"}, w=NUM, h=NUM)),
            ),
        )
    ),
    "zod-nullable": zod(
        obj("a b", a={"type": ["string", "null"]}, b={"anyOf": [{"anyOf": [{"not": {}}, STR]}, {"type": "null"}]})
    ),
    "zod-record": zod(obj("r", r={"type": "object", "additionalProperties": {"type": "array", "items": NUM}})),
    "zod-intersection": zod(obj("x", x={"allOf": [obj("a", a=STR), obj("b", b=NUM)]})),
    "zod-recursive": zod(obj("c", c=obj("name", name=STR, sub=arr({"$ref": "#/properties/c"})))),
    "zod-effects": zod(
        obj(
            "url",
            url=text(format="uri"),
            opts={
                "type": "object",
                "properties": {"retries": {"type": "integer", "minimum": 0, "maximum": 5, "default": 3}},
                "additionalProperties": False,
                "default": {},
            },
        )
    ),
    # At the edge.
    "root-union": {
        "type": "object",
        "oneOf": [
            obj("action id", action={"const": "get"}, id=STR),
            obj("action query", action={"const": "find"}, query=STR),
        ],
    },
    "no-type": {"properties": {"a": STR}},
    "only-object": {"type": "object"},
    "not": obj("name", name={"type": "string", "not": {"enum": ["root"]}}),
    "titled": obj(
        "size",
        size={"oneOf": [{"const": "s", "title": "Small"}, {"const": "l", "title": "Large"}]},
        many=arr({"anyOf": [{"const": 1, "title": "One"}, {"const": 2, "title": "Two"}]}),
    ),
}

FITTING: list[tuple[str, JsonObject]] = [
    ("issue-create", {"owner": "a", "repo": "b", "title": "t", "labels": ["x", "y"], "milestone": 1.0}),
    ("issue-update", {"owner": "a", "repo": "b", "number": 10**30, "state_reason": None}),
    ("files-push", {"owner": "a", "repo": "b", "branch": "m", "files": [{"path": "p", "content": "1\n2"}]}),
    ("page-create", {"parent": {"workspace": True}, "properties": {"a": [1]}, "children": [{"x": 1}, None]}),
    (
        "rich-text",
        {
            "rich_text": [
                {"type": "equation", "equation": {"expression": "x"}},
                {"type": "text", "text": {"content": "c", "link": None}},
            ]
        },
    ),
    ("database-query", {"id": "i", "filter": {"and": [{"or": []}, {"property": "p", "equals": 4}]}}),
    ("blocks", {"blocks": [{"type": "a", "children": [{"type": "b", "children": []}]}]}),
    ("checkout", {"mode": "payment", "items": [{"data": {"name": "n", "amount": 5}, "quantity": 1}]}),
    ("payment-method", {"method": {"kind": "bank", "iban": "DE"}}),
    (
        "pod",
        {
            "metadata": {"name": "n", "labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "image": "i", "env": [{"name": "E", "value": ""}]}]},
        },
    ),
    ("port", {"port": "http"}),
    ("port", {"port": 80}),
    ("apply", {"manifest": {"kind": "Pod"}}),
    ("apply", {"manifest": "kind: Pod\n"}),
    ("policy", {"Statement": [{"Effect": "Allow", "Action": ["a", "b"], "Resource": "*"}]}),
    ("row", {"sheet": "s", "values": [["a", 1.5, None, True], []]}),
    ("event", {"summary": "s", "start": {"date": "2026-01-02"}, "end": {"dateTime": "2026-01-02T10:00:00Z"}}),
    ("coordinates", {"at": [1.5, 2]}),
    ("draft4-tuple", {"range": [1, 2]}),
    ("pydantic-model", {"user": {"name": "n", "age": None, "tags": []}}),
    ("pydantic-union", {"pet": {"barks": 1.5}}),
    ("pydantic-tree", {"root": {"value": 1, "left": {"value": 2, "left": None}, "right": None}}),
    ("zod-union", {"shape": {"kind": "box", "w": 1, "h": 2.0}}),
    ("zod-nullable", {"a": None, "b": "x"}),
    ("zod-recursive", {"c": {"name": "a", "sub": [{"name": "b", "sub": []}]}}),
    ("root-union", {"action": "find", "query": "q"}),
    ("merge", {"number": 4, "method": "squash", "commit": "c"}),
    ("titled", {"size": "l", "many": [1, 2]}),
]
