"""Calico's selector language: what is read, what is refused and where."""

from __future__ import annotations

import pytest

from service.manifests.calico_selector import DEEPEST, SelectorSyntaxError, parse_selector
from service.model.calico_selector import matches


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", "all()"),
        (" \t", "all()"),
        ("all( )", "all()"),
        ("global(\t)", "global()"),
        ("has( a )", "has(a)"),
        ("a=='x'", 'a == "x"'),
        ("a !='x'", 'a != "x"'),
        ("a startswith 'x'", 'a starts with "x"'),
        ("a ends\twith 'x'", 'a ends with "x"'),
        ("a notin{'x'}", 'a not in {"x"}'),
        ("a in {'y','x','y',}", 'a in {"x", "y"}'),
        ("a not in { }", "a not in {}"),
        # Words are operators right after a label and labels anywhere else.
        ("in in {'x'}", 'in in {"x"}'),
        ("not not in {'x'}", 'not not in {"x"}'),
        ("contains contains 'c'", 'contains contains "c"'),
        ("has == 'x'", 'has == "x"'),
        ("!!has(a)", "has(a)"),
        ("! ! !has(a)", "!has(a)"),
        ("!a == 'x' && has(b)", '(!a == "x" && has(b))'),
        ("has(a) || has(b) && has(c)", "(has(a) || (has(b) && has(c)))"),
        ("(has(a) || has(b)) && has(c)", "((has(a) || has(b)) && has(c))"),
        ("((has(a)))", "has(a)"),
        ('a == "it\'s"', 'a == "it\'s"'),
        ("a == '\"'", "a == '\"'"),
        ("a == ' x\n'", 'a == " x\n"'),
        ("pcns.a/b-c.d_e == 'x'", 'pcns.a/b-c.d_e == "x"'),
        ("a infoo {'x'}", None),
        ("1 == '2'", '1 == "2"'),
    ],
)
def test_read(text: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(SelectorSyntaxError):
            parse_selector(text)
        return
    assert str(parse_selector(text)) == canonical


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a", 2),
        ("a = 'x'", 3),
        ("a == x", 6),
        ("a == ", 6),
        ("a == 'x", 6),
        ("a & b", 3),
        ("a == 'x' &", 10),
        ("a == 'x' |", 10),
        ("a == 'x' has(b)", 10),
        ("has (a)", 5),
        ("has(a", 6),
        ("has()", 5),
        ("all ()", 5),
        ("all(a)", 5),
        ("(has(a)", 8),
        ("has(a))", 7),
        ("()", 2),
        ("!", 2),
        ("a\n== 'x'", 2),
        ("a in {,'x'}", 7),
        ("a in {'x' 'y'}", 11),
        ("a in 'x'", 6),
        ("a not 'x'", 3),
        ("a starts 'x'", 3),
        ("'x' == a", 1),
        ("%", 1),
        ("a == 'x' && %", 13),
        (f"{'a' * 513} == 'x'", 1),
        ("(" * (DEEPEST + 1) + "all()" + ")" * (DEEPEST + 1), DEEPEST + 1),
    ],
)
def test_refused_with_the_place(text: str, position: int) -> None:
    with pytest.raises(SelectorSyntaxError) as refused:
        parse_selector(text)
    assert refused.value.position == position, refused.value


def test_depth_has_a_bound_and_length_has_none() -> None:
    deep = "(" * DEEPEST + "all()" + ")" * DEEPEST
    assert str(parse_selector(deep)) == "all()"
    long = " && ".join(f"a{number} != 'x'" for number in range(2000))
    assert matches(parse_selector(long), {})


@pytest.mark.parametrize(
    ("text", "missing", "is_x"),
    [
        ("a == 'x'", False, True),
        ("a != 'x'", True, False),
        ("a in {'x', 'y'}", False, True),
        ("a not in {'x'}", True, False),
        ("a contains 'x'", False, True),
        ("a starts with 'x'", False, True),
        ("a ends with 'x'", False, True),
        ("a contains ''", False, True),
        ("a in {}", False, False),
        ("a not in {}", True, True),
        ("has(a)", False, True),
        ("!has(a)", True, False),
        ("all()", True, True),
        ("", True, True),
    ],
)
def test_labels_that_are_there_and_missing(text: str, missing: bool, is_x: bool) -> None:
    selector = parse_selector(text)
    assert matches(selector, {}) is missing
    assert matches(selector, {"a": "x"}) is is_x
