"""Names from manifests move no cursor and begin no line of a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from service.cli import main
from service.commands.printable import printable
from service.commands.tables import columns

Capture = pytest.CaptureFixture[str]
ODD = "a\n\x1b[31mb"
SHOWN = r"a\n\x1b[31mb"
PODS = """\
apiVersion: v1
kind: Pod
metadata:
  {name: one, namespace: x, ownerReferences: [{kind: Odd, name: "a\\n\\e[31mb", controller: true}]}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: two, namespace: x}
status: {podIP: 10.0.0.2}
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: x}
spec: {podSelector: {}}
"""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("demo/client", "demo/client"),
        ("naïve 名前", "naïve 名前"),
        (ODD, SHOWN),
        ("\t\r\x7f\x9b", r"\t\r\x7f\x9b"),
        ("a\u202eb\u2028", r"a\u202eb\u2028"),
        # A byte of a file's name.
        ("a\udcffb", "a\udcffb"),
    ],
)
def test_texts(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.fixture
def story(tmp_path: Path) -> Path:
    (tmp_path / "pods.yaml").write_text(PODS)
    return tmp_path


def test_a_map(story: Path, capsys: Capture) -> None:
    assert main(["connectivity", str(story), "--engine", "npm"]) == 0
    out = capsys.readouterr().out
    assert SHOWN in out
    assert ODD not in out
    assert "\x1b" not in out


def test_csv_keeps_names_as_they_are(story: Path, capsys: Capture) -> None:
    assert main(["connectivity", str(story), "--engine", "npm", "--format", "csv"]) == 0
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert f"Odd/{ODD}" in {each["source"] for each in rows}


def test_a_difference(story: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "b.yaml").write_text(PODS.partition("---\n")[2] + "---\n" + POLICY)
    files = [str(story / "pods.yaml"), "--", str(tmp_path / "b.yaml")]
    assert main(["diff", *files, "--engine", "npm"]) == 0
    out = capsys.readouterr().out
    assert f"workload removed: x/Odd/{SHOWN}" in out
    assert "\x1b" not in out


def test_a_column_is_as_wide_as_what_it_shows() -> None:
    first, second = columns([("A", "B"), (ODD, "b\x1b")]).splitlines()
    assert first == f"A{' ' * (len(SHOWN) - 1)}  B"
    assert second == rf"{SHOWN}  b\x1b"
