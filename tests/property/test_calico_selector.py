"""Calico's selector language: canonical forms read back, and a second reading agrees."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.manifests.calico_selector import SelectorSyntaxError, parse_selector
from service.model.calico_selector import (
    And,
    Comparator,
    Comparison,
    Everything,
    Not,
    Or,
    Selector,
    WithoutNamespace,
    matches,
)
from tests.property.bounds import bounded
from tests.property.naive_selector import naive_match

FUZZED_SECONDS = 10

_KEYS = ("a", "b", "in", "has", "not", "contains", "app.kubernetes.io/name", "all", "-")
_VALUES = ("", "x", "xy", "yx", "it's", 'say "x"', "a || b", "{", "&&", "ü", "\n")
_SETS = st.lists(st.sampled_from(_VALUES), max_size=3).map(lambda each: tuple(sorted(set(each))))
_SINGLE = (
    *(Comparator.EQUALS, Comparator.NOT_EQUALS, Comparator.CONTAINS),
    *(Comparator.STARTS_WITH, Comparator.ENDS_WITH),
)
_LABELS = st.dictionaries(st.sampled_from(_KEYS), st.sampled_from(_VALUES), max_size=4)
_LEAVES: st.SearchStrategy[Selector] = st.one_of(
    st.just(Everything()),
    st.just(WithoutNamespace()),
    st.builds(lambda key: Comparison(key, Comparator.HAS), st.sampled_from(_KEYS)),
    st.builds(
        lambda key, how, value: Comparison(key, how, (value,)),
        st.sampled_from(_KEYS),
        st.sampled_from(_SINGLE),
        st.sampled_from(_VALUES),
    ),
    st.builds(
        Comparison,
        st.sampled_from(_KEYS),
        st.sampled_from((Comparator.IN, Comparator.NOT_IN)),
        _SETS,
    ),
)


def _grown(inner: st.SearchStrategy[Selector]) -> st.SearchStrategy[Selector]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    # The parser takes two negations away, so that none stands directly in another.
    plain = inner.filter(lambda each: not isinstance(each, Not))
    return st.one_of(st.builds(Not, plain), st.builds(And, several), st.builds(Or, several))


SELECTORS = st.recursive(_LEAVES, _grown, max_leaves=8)

_TOKENS = st.sampled_from(
    (
        *(
            "a",
            "b",
            "in",
            "not",
            "has(",
            "has(a)",
            "all()",
            "global()",
            "contains",
            "starts",
            "with",
        ),
        *("ends with", "==", "!=", "=", "!", "&&", "&", "||", "|", "(", ")", "{", "}", ","),
        *("'x'", '"x"', "'", '"', " ", "\t", "\n", "%", "ü", "startswith", "notin", "x/y.z_-"),
    )
)
TEXTS = st.one_of(
    st.lists(_TOKENS, max_size=12).map(" ".join),
    st.lists(_TOKENS, max_size=12).map("".join),
    st.text(max_size=40),
)


@bounded(3)
@given(SELECTORS)
def test_canonical_form_reads_back(selector: Selector) -> None:
    text = str(selector)
    assert parse_selector(text) == selector
    assert str(parse_selector(text)) == text


@bounded(3)
@given(SELECTORS, _LABELS)
def test_second_reading_agrees(selector: Selector, labels: dict[str, str]) -> None:
    assert matches(selector, labels) is naive_match(str(selector), labels)


@bounded(5)
@given(TEXTS, _LABELS)
@example("a in {'x',} && !!has(b) || !(b contains '')", {"a": "x"})
@example("(" * 1000 + "all()" + ")" * 1000, {})
def test_any_text_is_read_or_refused_with_its_place(text: str, labels: dict[str, str]) -> None:
    found = _read(text)
    if isinstance(found, SelectorSyntaxError):
        assert 1 <= found.position <= len(text) + 1
        return
    assert parse_selector(str(found)) == found
    assert matches(found, labels) is naive_match(text, labels)


def _read(text: str) -> Selector | SelectorSyntaxError:
    try:
        return parse_selector(text)
    except SelectorSyntaxError as error:
        return error


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheel for this platform")
def test_coverage_guided_fuzzing_finds_nothing(tmp_path: Path) -> None:
    script = Path(__file__).with_name("fuzz_calico_selector.py")
    done = subprocess.run(
        [
            *(sys.executable, str(script)),
            *(f"-max_total_time={FUZZED_SECONDS}", "-timeout=5", "-max_len=512"),
            *(f"-artifact_prefix={tmp_path}/", "-rss_limit_mb=0", "-verbosity=0"),
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=FUZZED_SECONDS * 6,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
