"""RFC 6570: the examples of its text, level by level, and what is no template."""

from __future__ import annotations

import pytest

from mcpdeck.services.errors import UsageError
from mcpdeck.services.session.uri_templates import Value, expand, variables

# RFC 6570, section 3.2: the variables that its examples use.
VALUES: dict[str, Value] = {
    "count": ["one", "two", "three"],
    "dom": ["example", "com"],
    "dub": "me/too",
    "hello": "Hello World!",
    "half": "50%",
    "var": "value",
    "who": "fred",
    "base": "http://example.com/home/",
    "path": "/foo/bar",
    "list": ["red", "green", "blue"],
    "keys": {"semi": ";", "dot": ".", "comma": ","},
    "v": "6",
    "x": "1024",
    "y": "768",
    "empty": "",
    "empty_keys": {},
    "empty_list": [],
}
# Section 1.2 uses another value of one of them.
LEVEL_4: dict[str, Value] = {**VALUES, "var": "value", "hello": "Hello World!", "path": "/foo/bar"}

EXAMPLES = """
# section 1.2, level 1
{var} -> value
{hello} -> Hello%20World%21
# level 2
{+var} -> value
{+hello} -> Hello%20World!
{+path}/here -> /foo/bar/here
here?ref={+path} -> here?ref=/foo/bar
X{#var} -> X#value
X{#hello} -> X#Hello%20World!
# level 3
map?{x,y} -> map?1024,768
{x,hello,y} -> 1024,Hello%20World%21,768
{+x,hello,y} -> 1024,Hello%20World!,768
{+path,x}/here -> /foo/bar,1024/here
{#x,hello,y} -> #1024,Hello%20World!,768
{#path,x}/here -> #/foo/bar,1024/here
X{.var} -> X.value
X{.x,y} -> X.1024.768
{/var} -> /value
{/var,x}/here -> /value/1024/here
{;x,y} -> ;x=1024;y=768
{;x,y,empty} -> ;x=1024;y=768;empty
{?x,y} -> ?x=1024&y=768
{?x,y,empty} -> ?x=1024&y=768&empty=
?fixed=yes{&x} -> ?fixed=yes&x=1024
{&x,y,empty} -> &x=1024&y=768&empty=
# level 4
{var:3} -> val
{var:30} -> value
{list} -> red,green,blue
{list*} -> red,green,blue
{keys} -> semi,%3B,dot,.,comma,%2C
{keys*} -> semi=%3B,dot=.,comma=%2C
{+path:6}/here -> /foo/b/here
{+list} -> red,green,blue
{+list*} -> red,green,blue
{+keys} -> semi,;,dot,.,comma,,
{+keys*} -> semi=;,dot=.,comma=,
{#path:6}/here -> #/foo/b/here
{#list} -> #red,green,blue
{#list*} -> #red,green,blue
{#keys} -> #semi,;,dot,.,comma,,
{#keys*} -> #semi=;,dot=.,comma=,
X{.var:3} -> X.val
X{.list} -> X.red,green,blue
X{.list*} -> X.red.green.blue
X{.keys} -> X.semi,%3B,dot,.,comma,%2C
X{.keys*} -> X.semi=%3B.dot=..comma=%2C
{/var:1,var} -> /v/value
{/list} -> /red,green,blue
{/list*} -> /red/green/blue
{/list*,path:4} -> /red/green/blue/%2Ffoo
{/keys} -> /semi,%3B,dot,.,comma,%2C
{/keys*} -> /semi=%3B/dot=./comma=%2C
{;hello:5} -> ;hello=Hello
{;list} -> ;list=red,green,blue
{;list*} -> ;list=red;list=green;list=blue
{;keys} -> ;keys=semi,%3B,dot,.,comma,%2C
{;keys*} -> ;semi=%3B;dot=.;comma=%2C
{?var:3} -> ?var=val
{?list} -> ?list=red,green,blue
{?list*} -> ?list=red&list=green&list=blue
{?keys} -> ?keys=semi,%3B,dot,.,comma,%2C
{?keys*} -> ?semi=%3B&dot=.&comma=%2C
{&var:3} -> &var=val
{&list} -> &list=red,green,blue
{&list*} -> &list=red&list=green&list=blue
{&keys} -> &keys=semi,%3B,dot,.,comma,%2C
{&keys*} -> &semi=%3B&dot=.&comma=%2C
# section 3.2.1
{count} -> one,two,three
{count*} -> one,two,three
{/count} -> /one,two,three
{/count*} -> /one/two/three
{;count} -> ;count=one,two,three
{;count*} -> ;count=one;count=two;count=three
{?count} -> ?count=one,two,three
{?count*} -> ?count=one&count=two&count=three
{&count*} -> &count=one&count=two&count=three
# section 3.2.2
{half} -> 50%25
O{empty}X -> OX
O{undef}X -> OX
{x,y} -> 1024,768
{x,hello,y} -> 1024,Hello%20World%21,768
?{x,empty} -> ?1024,
?{x,undef} -> ?1024
?{undef,y} -> ?768
# section 3.2.3
{+half} -> 50%25
{base}index -> http%3A%2F%2Fexample.com%2Fhome%2Findex
{+base}index -> http://example.com/home/index
O{+empty}X -> OX
O{+undef}X -> OX
up{+path}{var}/here -> up/foo/barvalue/here
{+x,hello,y} -> 1024,Hello%20World!,768
# section 3.2.4
{#half} -> #50%25
foo{#empty} -> foo#
foo{#undef} -> foo
# section 3.2.5
{.who} -> .fred
{.who,who} -> .fred.fred
{.half,who} -> .50%25.fred
www{.dom*} -> www.example.com
X{.empty} -> X.
X{.undef} -> X
X{.empty_keys} -> X
X{.empty_keys*} -> X
# section 3.2.6
{/who} -> /fred
{/who,who} -> /fred/fred
{/half,who} -> /50%25/fred
{/who,dub} -> /fred/me%2Ftoo
{/var,empty} -> /value/
{/var,undef} -> /value
# section 3.2.7
{;who} -> ;who=fred
{;half} -> ;half=50%25
{;empty} -> ;empty
{;v,empty,who} -> ;v=6;empty;who=fred
{;v,bar,who} -> ;v=6;who=fred
{;x,y,undef} -> ;x=1024;y=768
# section 3.2.8
{?who} -> ?who=fred
{?half} -> ?half=50%25
{?x,y,undef} -> ?x=1024&y=768
# section 3.2.9
{&who} -> &who=fred
{&half} -> &half=50%25
{&x,y,undef} -> &x=1024&y=768
"""


def _examples() -> list[tuple[str, str]]:
    lines = [line for line in EXAMPLES.strip().splitlines() if not line.startswith("#")]
    # A template of the text may itself begin with {#…}: those lines do not begin with the mark of a heading.
    return [(left, right) for left, _, right in (line.partition(" -> ") for line in lines)]


@pytest.mark.parametrize(("template", "uri"), _examples())
def test_the_examples_of_the_rfc_expand_to_what_it_says(template: str, uri: str) -> None:
    assert expand(template, VALUES) == uri


@pytest.mark.parametrize(
    ("template", "values", "uri"),
    [
        ("file:///{path}", {"path": "grüße/世界 1"}, "file:///gr%C3%BC%C3%9Fe%2F%E4%B8%96%E7%95%8C%201"),
        ("file:///{+path}", {"path": "a b/c%20d%"}, "file:///a%20b/c%20d%25"),
        ("a b/ü/%41/%", {}, "a%20b/%C3%BC/%41/%25"),
        ("{word:2}", {"word": "äöü"}, "%C3%A4%C3%B6"),
        ("{a.b}{%41}", {"a.b": "1", "%41": "2"}, "12"),
        ("{?list*}", {"list": ["", "a"]}, "?list=&list=a"),
        ("{;keys*}", {"keys": {"a": "", "b": "1"}}, ";a;b=1"),
        ("{keys*}", {"keys": {"a": ""}}, "a="),
        ("{surrogate}", {"surrogate": "a\ud800"}, "a%3F"),
        ("", {}, ""),
    ],
)
def test_what_the_rfc_says_without_an_example_holds_too(template: str, values: dict[str, Value], uri: str) -> None:
    assert expand(template, values) == uri


@pytest.mark.parametrize(
    "template",
    ["{", "}", "a{b", "a}b", "{}", "{+}", "{a,}", "{a b}", "{=a}", "{|a}", "{a:0}", "{a:10000}", "{a:1*}", "{a*:1}",
     "{.}", "{a..b}", "{{a}}", "{%4}", "{ü}", "{a}" * 1_001],
)  # fmt: skip
def test_what_is_no_template_is_refused_and_says_why(template: str) -> None:
    with pytest.raises(UsageError, match="is no URI template"):
        expand(template, {"a": "1"})
    with pytest.raises(UsageError, match="is no URI template"):
        variables(template)


def test_a_prefix_of_a_list_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="list:3"):
        expand("{list:3}", VALUES)


def test_the_variables_of_a_template_are_named_once_and_in_order() -> None:
    assert variables("{+b}/x{?a,b:3,c*}") == ("b", "a", "c")
    assert variables("demo://welcome") == ()
