"""The sub-commands as data, and the longer texts of their help.

Owns what there is and how the help tells it. Never parses: see ``options``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto


class Takes(Flag):
    """Groups of options that several commands have in common."""

    NOTHING = 0
    SOURCES = auto()
    """Where servers come from: ``--mcp-config``, ``--strict-mcp-config``."""
    APPROVAL = auto()
    """``--yes``, ``--approve``."""
    ENTRY = auto()
    """What a server is reached by: ``--transport``, ``--header``, ``--env``, ``--cwd``, ``--era`` …"""
    SESSION = auto()
    """``--trace``."""
    TIMEOUT = auto()
    ANSWERS = auto()
    SCOPE = auto()
    FORCE = auto()
    DRY_RUN = auto()
    DISCOVER = auto()
    CONFIGURED = SOURCES | APPROVAL
    DASHBOARD = CONFIGURED | ENTRY | SESSION | TIMEOUT | DISCOVER
    TARGET = CONFIGURED | ENTRY | SESSION | TIMEOUT | ANSWERS
    """Everything that a command needs which contacts a server."""
    WRITING = SCOPE | FORCE | DRY_RUN


@dataclass(frozen=True, slots=True)
class Command:
    """A sub-command: its module, its words as the help shows them, and how many of them may stand.

    ``takes`` are the groups of options that its help shows.
    """

    module: str
    usage: str
    about: str
    most_words: int | None
    takes: Takes = Takes.TARGET

    @property
    def on_a_target(self) -> bool:
        """It is given a TARGET, which may be a program after ``--``."""
        return "TARGET" in self.usage


COMMANDS = {
    "demo": Command("demo", "", "the dashboard on servers that ship with it", 0, Takes.SESSION | Takes.TIMEOUT),
    "list": Command("list_servers", "[TARGET]", "every server of every source", 1, Takes.TARGET | Takes.DISCOVER),
    "tools": Command("tools", "TARGET [TOOL]", "the tools of a server, or all of one tool", 2),
    "search": Command(
        "search", "WORDS…", "find tools of every configured server", None, Takes.CONFIGURED | Takes.TIMEOUT
    ),
    "resources": Command("lists", "TARGET", "the resources of a server", 1),
    "templates": Command("lists", "TARGET", "its resource templates", 1),
    "prompts": Command("lists", "TARGET", "its prompts", 1),
    "call": Command("call", "TARGET TOOL [name=value | name:=JSON …]", "call a tool and print its result", None),
    "read": Command("read", "TARGET URI [name=value …]", "read a resource; values go into a URI template", None),
    "prompt": Command("prompt", "TARGET NAME [name=value …]", "get a prompt, filled in", None),
    "complete": Command(
        "complete",
        "TARGET prompt/NAME|URI-TEMPLATE ARG=PREFIX [already=chosen …]",
        "what the server suggests for an argument",
        None,
    ),
    "batch": Command("batch", "TARGET", "many operations in one session, as JSON Lines", 1),
    "run": Command(
        "run",
        "[FILE|NAME]",
        "run saved calls, and judge what came of them",
        1,
        Takes.CONFIGURED | Takes.TIMEOUT | Takes.ANSWERS | Takes.SESSION,
    ),
    "watch": Command("watch", "TARGET", "notifications, log and status as JSON Lines", 1),
    "login": Command("login", "TARGET", "log in to a server, and say how it went", 1),
    "logout": Command("logout", "TARGET | --all", "revoke and forget a login", 1),
    "auth": Command("auth", "[TARGET]", "what is stored; how a server does logins", 1),
    "audit": Command(
        "audit", "verify [FILE] | show | path", "the log of every call, and whether it is whole", 2, Takes.NOTHING
    ),
    "add": Command(
        "add",
        "NAME URL | NAME -- COMMAND ARGS…",
        "put a server into a file of yours",
        2,
        Takes.WRITING | Takes.ENTRY,
    ),
    "add-json": Command(
        "add_json", "[NAME] JSON|@FILE|-", "the same from JSON, or a README's snippet", 2, Takes.WRITING
    ),
    "get": Command("get", "NAME", "one entry: where it stands, what it says", 1, Takes.SOURCES | Takes.DISCOVER),
    "remove": Command("remove", "NAME", "take a server out of its file", 1, Takes.SCOPE | Takes.DRY_RUN),
    "enable": Command("toggle", "NAME", "switch a server on in this project", 1, Takes.SOURCES | Takes.DRY_RUN),
    "disable": Command("toggle", "NAME", "switch it off; it stays listed", 1, Takes.SOURCES | Takes.DRY_RUN),
    "approve": Command(
        "approve", "NAME", "let a server that others configured start", 1, Takes.SOURCES | Takes.DRY_RUN
    ),
    "reject": Command("reject", "NAME", "never let one of those start", 1, Takes.SOURCES | Takes.DRY_RUN),
    "reset-project-choices": Command(
        "reset_choices", "", "forget all that was decided in this project", 0, Takes.DRY_RUN
    ),
    "permissions": Command(
        "permissions",
        "[TARGET] | allow|ask|deny|forget RULE | explain …",
        "what may be called unasked, and by which rule",
        None,
        Takes.TARGET | Takes.DRY_RUN,
    ),
    "import": Command(
        "import_servers",
        "[CLIENT [NAME …]]",
        "take over servers of another client",
        None,
        Takes.WRITING,
    ),
    "export": Command("export", "CLIENT [NAME …]", "servers as CLIENT has them in its file", None, Takes.SOURCES),
    "sources": Command("sources", "", "every place where servers may stand", 0, Takes.SOURCES | Takes.DISCOVER),
    "registry": Command(
        "registry",
        "search WORDS | show NAME | install NAME",
        "browse the MCP Registry, install from it",
        None,
        Takes.WRITING | Takes.TIMEOUT,
    ),
}
GROUPS = {
    "look at servers": ("list", "tools", "search", "resources", "templates", "prompts", "watch"),
    "use them": ("call", "read", "prompt", "complete", "batch", "run"),
    "log in to them": ("login", "logout", "auth"),
    "configure them": ("add", "add-json", "get", "remove", "import", "export", "registry", "sources"),
    "decide what may start": ("approve", "reject", "enable", "disable", "reset-project-choices", "permissions"),
    "see what was done": ("audit",),
}
"""The commands as the help lists them; what is missing here is listed with the dashboard."""

TOOK_EVERYTHING = frozenset(
    ("demo", "list", "tools", "resources", "templates", "prompts", "call", "read", "prompt", "complete", "batch")
) | {"watch", "approve", "login", "logout", "auth"}
"""They accept every common option, also those that their help does not show: scripts may well pass them to all."""
LISTING = frozenset({"tools", "resources", "templates", "prompts"})
DASHBOARD = Command("dashboard", "[TARGET]", "the dashboard: all configured servers, or one", 1, Takes.DASHBOARD)

ABOUT = "A terminal dashboard and command line for MCP servers."
TARGETS = """\
a TARGET is one of:
  -- COMMAND ARGS…        a program that speaks MCP over stdio; last on the line
  http://… or https://…   a Streamable HTTP endpoint, or an older HTTP+SSE one
  ws://… or wss://…       a WebSocket
  FILE.py[:object]        a server in this process, also package.module:object
  NAME                    a configured server (mcpdeck list shows them)
"""
EXITS = """\
exit codes: 0 done, 1 the tool reported an error, 2 usage, 3 no connection,
            4 authorization, 5 disabled, not approved, or blocked by policy,
            6 broken protocol, 7 time-out, 130 interrupted
"""


BATCH = """\
one JSON object a line on stdin, one reply a line on stdout, in the same order:
  {"op": "list_tools" | "list_resources" | "list_templates" | "list_prompts" |
         "list_skills", "cursor": null | …}     with "cursor" one page of it
  {"op": "info" | "ping"}
  {"op": "call_tool", "name": …, "arguments": {…}, "task": true}
  {"op": "get_prompt", "name": …, "arguments": {…}}
  {"op": "read_resource" | "subscribe" | "unsubscribe" | "load_skill", "uri": …}
  {"op": "read_skill_file", "skill": …, "uri": …}
  {"op": "set_log_level", "level": …}
  {"op": "complete", "ref": {…}, "argument": {"name", "value"}, "context": {…}}
  {"op": "wait", "kind": "log" | "any" | a notification, "seconds": …}
  {"op": "request", "method": …, "params": {…}}
each may have a "timeout" in seconds; a wait without "kind" lasts all its
seconds and gives what came. The first line of the output says how the
connection was made. The end of stdin ends the session.
"""
ADD = """\
  mcpdeck add files -- npx -y @modelcontextprotocol/server-filesystem .
  mcpdeck add docs https://host.example/mcp --header 'X-Api-Key: ${DOCS_KEY}'
${NAME} stays as it is written and is put in when the server starts: a secret
then stands in no file. In single quotes the shell leaves it alone.
"""
ADD_JSON = """\
JSON is one entry, {"mcpServers": {…}}, or what another client has in its file;
@FILE reads it from a file, - from stdin. Of several servers NAME chooses one;
without NAME the one server in it is called as it is there.
"""
LOGIN = """\
It connects; where the server wants a login, or one can be found, it opens the
browser at the authorization server and waits for the way back. Over SSH and in
a container: --no-browser prints the address to open anywhere, and takes the
address that the browser ends at, pasted. --answers FILE with "oauth" logs in
without a person. The secret of a client id comes from MCP_CLIENT_SECRET or the
entry's "oauth".
"""
AUTH = """\
Without a TARGET: every login that is stored, and where. With one: what is
stored for it, and each step from the server to its authorization server with
what the specification expects of it. Nothing secret is ever shown; -v adds what
a token says of itself.
"""
PERMISSIONS = """\
Without more: every rule, where it stands, and what you said yes to. With a
TARGET also what each of its tools would meet; explain TARGET TOOL [name=value]
says which rules match one call, and which of them decides. A RULE is
  mcp__SERVER  mcp__SERVER__TOOL  mcp__SERVER__read_*    tools of a server
  mcp__files__write_file(path:/srv/data/**)              by their arguments
  resource:mcp__SERVER(uri:file:///srv/**)  prompt:mcp__SERVER__NAME
deny beats ask beats allow. allow, ask and deny write mcpdeck's own settings,
for everything (--scope user, the default) or for this project; forget takes
out a rule, and what you said yes to. docs/permissions.md tells the rest.
"""
MEANT = {
    **dict.fromkeys(("rm", "delete", "del", "uninstall"), "remove"),
    **dict.fromkeys(("ls", "status", "servers"), "list"),
    **dict.fromkeys(("show", "info", "describe", "cat"), "get"),
    **dict.fromkeys(("deny", "refuse", "block"), "reject"),
    **dict.fromkeys(("allow", "trust", "accept"), "approve"),
    **dict.fromkeys(("reset", "forget"), "reset-project-choices"),
    **dict.fromkeys(("find", "grep"), "search"),
    "install": "registry install",
    **dict.fromkeys(("invoke", "exec"), "call"),
    **dict.fromkeys(("permission", "rules", "profile"), "permissions"),
    **dict.fromkeys(("signin", "authenticate", "authorize"), "login"),
    **dict.fromkeys(("signout", "revoke"), "logout"),
    **dict.fromkeys(("tokens", "credentials", "logins"), "auth"),
    "new": "add",
}
"""What is called otherwise elsewhere; ``{}`` is the word itself."""
AUDIT = """\
Every call that mcpdeck makes, or does not make because a rule forbids it, is a
line in one log: who asked, server, tool, the rule, the outcome; of arguments a
digest, unless the setting "audit": {"arguments": "full"} asks for more. Each
line holds the hash of the one before. verify names the first line that was
altered, removed, inserted or moved, and tells whether the end was cut off
(exit code 6). With FILE it looks at one file alone, whose end nobody can tell,
and at the whole log beside it where FILE is an audit.jsonl with its anchor.
"""
SEARCH = """\
WORDS are looked for in names, titles, servers, parameters and descriptions of
tools; more of the words, and words in names, come first, and a slip of the pen
is forgiven. Without WORDS, options choose: --read-only, --destructive … by what
the tools' servers say of them (a hint that is missing counts as the worst).
mcpdeck registry search looks for servers that are not installed.
"""
RUN = """\
A collection is mcpdeck.calls.json in the project, a file in .mcpdeck/calls, or
a private one; NAME is that of a collection. Without both: the project's.
Each call says what it expects, and values go from earlier calls to later ones:
  {"variables": {"city": "Turin"},
   "calls": {"weather": {"server": "weather", "tool": "get_weather",
     "arguments": {"city": "{{city}}"},
     "asserts": [{"path": "$.structuredContent.celsius", "type": "number"}],
     "extract": {"station": "$.structuredContent.station"}}}}
The exit code is 1 when one of them did not pass. docs/saved-calls.md tells all.
"""
MORE_HELP = {
    "run": RUN,
    "search": SEARCH,
    "audit": AUDIT,
    "batch": BATCH,
    "add": ADD,
    "add-json": ADD_JSON,
    "login": LOGIN,
    "auth": AUTH,
    "permissions": PERMISSIONS,
}
