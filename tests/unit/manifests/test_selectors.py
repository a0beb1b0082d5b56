from __future__ import annotations

import pytest

from service.manifests.selectors import SelectorSyntax, parse_label_selector
from service.model.labels import EVERYTHING, Operator, Requirement


@pytest.mark.parametrize(
    ("text", "requirements"),
    [
        ("app=web", [Requirement("app", Operator.IN, ("web",))]),
        ("app==web", [Requirement("app", Operator.IN, ("web",))]),
        ("app = web", [Requirement("app", Operator.IN, ("web",))]),
        ("app=", [Requirement("app", Operator.IN, ("",))]),
        ("app!=web", [Requirement("app", Operator.NOT_IN, ("web",))]),
        ("app in (b, a,b)", [Requirement("app", Operator.IN, ("a", "b"))]),
        ("app in(a)", [Requirement("app", Operator.IN, ("a",))]),
        ("app in ()", [Requirement("app", Operator.IN, ("",))]),
        ("app in (,a)", [Requirement("app", Operator.IN, ("", "a"))]),
        ("app notin (a)", [Requirement("app", Operator.NOT_IN, ("a",))]),
        ("app not in (b, a)", [Requirement("app", Operator.NOT_IN, ("a", "b"))]),
        ("not in (not)", [Requirement("not", Operator.IN, ("not",))]),
        ("not not in (in)", [Requirement("not", Operator.NOT_IN, ("in",))]),
        ("app", [Requirement("app", Operator.EXISTS)]),
        ("!app", [Requirement("app", Operator.DOES_NOT_EXIST)]),
        (" ! app ", [Requirement("app", Operator.DOES_NOT_EXIST)]),
        ("in in (in)", [Requirement("in", Operator.IN, ("in",))]),
        (
            "z,a.example.com/b=c,!d",
            [
                Requirement("a.example.com/b", Operator.IN, ("c",)),
                Requirement("d", Operator.DOES_NOT_EXIST),
                Requirement("z", Operator.EXISTS),
            ],
        ),
    ],
)
def test_selectors(text: str, requirements: list[Requirement]) -> None:
    selector = parse_label_selector(text)
    assert selector.requirements == tuple(requirements)
    assert parse_label_selector(str(selector)) == selector


@pytest.mark.parametrize("text", ["", "  ", "\t\n"])
def test_nothing_selects_everything(text: str) -> None:
    assert parse_label_selector(text) == EVERYTHING


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (",", "label key is missing before ','"),
        ("a,", "missing after the last ','"),
        ("a,,b", "label key is missing before ','"),
        ("!", "label key is missing at the end"),
        ("=a", "label key is missing before '='"),
        ("a b", "found 'b' after 'a'"),
        ("a not (b)", "found 'not' after 'a'"),
        ("a not in b", r"found 'b' where '\('"),
        ("a=b c", "found 'c' where ','"),
        ("a=b=c", "found '=' where ','"),
        ("a in b", r"found 'b' where '\('"),
        ("a in (b", "the text ends where ','"),
        ("a in (b c)", "found 'c' where ','"),
        ("a<1", "'<' is not allowed"),
        ("-a", "label key '-a'"),
        ("a/b/c", "label key 'a/b/c'"),
        ("a=@", "label value '@'"),
        ("a in (b,-)", "label value '-'"),
        ("a=" + "b" * 64, "63 characters"),
    ],
)
def test_what_is_no_selector(text: str, words: str) -> None:
    with pytest.raises(SelectorSyntax, match=words):
        parse_label_selector(text)
