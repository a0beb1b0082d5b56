"""Plain scalars; every answer in the tables was compared with sigs.k8s.io/yaml 1.6."""

from __future__ import annotations

import math

import pytest

from service.manifests.yaml_scalars import key_text, resolve, resolve_tagged

_TAG = "tag:yaml.org,2002:"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((each, True) for each in ("y", "Y", "yes", "Yes", "YES", "true", "True", "on", "ON")),
        *((each, False) for each in ("n", "N", "no", "No", "NO", "false", "FALSE", "off", "Off")),
        *((each, None) for each in ("", "~", "null", "Null", "NULL")),
        # What is no boolean and no null.
        *((each, each) for each in ("yEs", "oN", "tRue", "nuLL", "Off_", "TCP")),
    ],
)
def test_words(text: str, value: object) -> None:
    assert resolve(text) is value or resolve(text) == value == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("00", 0),
        ("-0", 0),
        ("+12", 12),
        ("-12", -12),
        ("0123", 83),
        ("-017", -15),
        ("0o17", 15),
        ("0O17", 15),
        ("0x1F", 31),
        ("0X1f", 31),
        ("0x_1F", 31),
        ("-0x1f", -31),
        ("0b101", 5),
        ("0B101", 5),
        ("-0b11", -3),
        ("1_000", 1000),
        ("1__0", 10),
        ("0_7", 7),
        ("18446744073709551615", 18446744073709551615),
        ("-9223372036854775808", -9223372036854775808),
        # A leading zero without an octal number behind it is a float, and 8.0 is 8 in JSON.
        ("089", 89),
        ("080", 80),
    ],
)
def test_integers(text: str, value: int) -> None:
    assert resolve(text) == value
    assert isinstance(resolve(text), int)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", 1.5),
        (".5", 0.5),
        ("-.5", -0.5),
        (".36_1", 0.361),
        ("685_230.15", 685230.15),
        ("1e-7", 1e-07),
        ("1e21", 1e21),
        # Integers again by the time they are JSON.
        ("1e3", 1000),
        ("1E3", 1000),
        ("1.", 1),
        ("100.0", 100),
        ("12e03", 12000),
    ],
)
def test_floats(text: str, value: float) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".nan", ".inf", "+.Inf", "-.INF"])
def test_floats_without_a_json_form(text: str) -> None:
    found = resolve(text)
    assert isinstance(found, float)
    assert not math.isfinite(found)


@pytest.mark.parametrize(
    "text",
    [
        *("1:30", "190:20:30", "2001-01-01", "2001-12-14t21:59:43.10-05:00"),
        *("_1", "0xg", "0x", "0b", "0o", "1,000", "1.2.3.4", "1-1", "--1", "+-1"),
        *("1e400", "-1e400", "1e", "1e+", ".", "..", "+", "-", "=", ".e1", "1/2"),
    ],
)
def test_what_stays_a_string(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [
        ("str", "1", "1"),
        ("str", "y", "y"),
        ("int", "3", 3),
        ("int", "0x1f", 31),
        ("float", "3", 3),
        ("bool", "yes", True),
        ("null", "~", None),
        ("timestamp", "2001-01-01", "2001-01-01"),
        ("binary", "aGk=", "hi"),
    ],
)
def test_core_tags(tag: str, text: str, value: object) -> None:
    assert resolve_tagged(_TAG + tag, text) == value


@pytest.mark.parametrize(
    ("tag", "text"),
    [("int", "abc"), ("bool", "x"), ("null", "x"), ("binary", "*bad"), ("binary", "/w==")],
)
def test_core_tags_that_do_not_fit(tag: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"cannot read|base64"):
        resolve_tagged(_TAG + tag, text)


@pytest.mark.parametrize(
    ("value", "key"),
    [("a", "a"), (True, "true"), (False, "false"), (1, "1"), (1.5, "1.5"), (None, None)],
)
def test_keys(value: str | float | None, key: str | None) -> None:
    assert key_text(value) == key
