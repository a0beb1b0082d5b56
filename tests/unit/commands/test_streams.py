"""Exit statuses where standard streams are closed, full or broken."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from service import cli
from service.cli import main
from service.commands import connectivity
from tests.running import ROOT
from tests.web.story import LABELLED, PODS, POLICY

Capture = pytest.CaptureFixture[str]
ENDS = ("--source", "demo/client", "--destination", "demo/server", "--port", "80")
EVALUATE = ("evaluate", "new", "--engine", "npm", *ENDS)
CONNECTIVITY = ("connectivity", "new", "--engine", "npm", "--format")
DIFF = ("diff", "old", "--engine", "npm", "--", "new", "--format")
CHECK = ("check", "new", "--engine", "cilium", "--format", "json")

MIGRATE = ("migrate", "new", "--source", "npm", "--target", "cilium", "--format", "json")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two sets of manifests, where the command runs."""
    for name, pods in (("old", PODS), ("new", LABELLED)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pods.yaml").write_text(pods)
        (tmp_path / name / "policy.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Gone(io.StringIO):
    """A pipe that nobody reads from."""

    def write(self, _: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        # Met by the first line, which is as far as it gets.
        ((*CONNECTIVITY, "ndjson", "--fail-on", "any"), 1),
        ((*CONNECTIVITY, "ndjson", "--group", "--fail-on", "any"), 1),
        ((*DIFF, "ndjson", "--fail-on", "any"), 1),
        ((*DIFF, "ndjson", "--fail-on", "newlyAllowed"), 1),
        # A later line could meet it.
        ((*CONNECTIVITY, "ndjson", "--fail-on", "unknown"), 141),
        ((*DIFF, "ndjson", "--fail-on", "newlyDenied"), 141),
        # Every line was seen before any was written.
        ((*CONNECTIVITY, "json", "--fail-on", "unknown"), 0),
        ((*DIFF, "table", "--fail-on", "newlyAllowed"), 1),
        ((*DIFF, "json", "--fail-on", "newlyDenied"), 0),
        ((*EVALUATE, "--fail-on", "Allow"), 1),
        ((*EVALUATE, "--fail-on", "Deny"), 0),
        ((*CHECK, "--fail-on", "any"), 1),
        ((*CHECK, "--fail-on", "Blocker"), 0),
        ((*MIGRATE, "--fail-on", "any"), 1),
        ((*MIGRATE, "--fail-on", "newlyAllowed"), 0),
        # Nothing can fail.
        ((*CONNECTIVITY, "ndjson"), 0),
        ((*DIFF, "ndjson"), 0),
    ],
)
def test_what_is_known_when_the_reader_goes(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], status: int
) -> None:
    monkeypatch.setattr(sys, "stdout", Gone())
    assert main(arguments) == status


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (EVALUATE, 0),
        ((*EVALUATE, "--fail-on", "Allow"), 1),
        (("connectivity", "missing", "--engine", "npm"), 2),
        # A note goes to standard error before the answer is made.
        (("evaluate", "noted.yaml", *EVALUATE[2:], "--fail-on", "Allow"), 1),
    ],
)
def test_nobody_reads_standard_error(
    place: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], status: int
) -> None:
    (place / "noted.yaml").write_text(f"{LABELLED}---\n{ODD}")
    monkeypatch.setattr(sys, "stderr", Gone())
    assert main(arguments) == status


#: Worth a note: a kind that looks like a policy and is none that is read.
ODD = "apiVersion: networking.k8s.io/v1beta1\nkind: NetworkPolicy\nmetadata: {name: odd}\n"


def shell(arguments: tuple[str, ...], streams: str, **more: str) -> tuple[int, str, str]:
    """Exit status, output and errors of the command line with the streams of a shell."""
    command = shlex.join([sys.executable, "-m", "service.cli", *arguments])
    done = subprocess.run(
        ["bash", "-c", f"{command} {streams}"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


FULL = "standard output cannot be written: No space left on device\n"


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("arguments", "streams", "status", "told"),
    [
        (EVALUATE, ">/dev/full", 2, FULL),
        (("evaluate", "--help"), ">/dev/full", 2, FULL),
        ((*CONNECTIVITY, "csv", "--fail-on", "any"), ">/dev/full", 2, FULL),
        (EVALUATE, ">&-", 2, "standard output is closed\n"),
        (("evaluate", "-", *EVALUATE[2:]), "<&-", 2, "standard input is closed\n"),
        (("connectivity", "missing", "--engine", "npm"), "2>/dev/full", 2, ""),
        (("connectivity",), "2>/dev/full", 2, ""),
        # What is told goes nowhere, and not among the answers.
        (("connectivity", "missing", "--engine", "npm"), "2>&-", 2, ""),
        ((*EVALUATE, "--fail-on", "Allow"), "| true; exit ${PIPESTATUS[0]}", 1, ""),
    ],
)
def test_streams_of_a_shell(
    arguments: tuple[str, ...], streams: str, status: int, told: str, unbuffered: str
) -> None:
    assert shell(arguments, streams, PYTHONUNBUFFERED=unbuffered) == (status, "", told)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    "locale",
    [
        {"PYTHONIOENCODING": "ascii"},
        # Arguments are no text then.
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_output_is_utf_8_whatever_the_locale(locale: dict[str, str]) -> None:
    named = ("check", "new", "--engine", "npm", "--cluster-name", "café")
    status, out, told = shell(named, "", **locale)
    assert (status, told) == (0, "")
    assert "café" in out


@pytest.mark.usefixtures("place")
def test_what_nobody_expects_is_no_condition(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def fail(*_: object) -> None:
        raise TypeError("a fault of the program")

    monkeypatch.setattr(connectivity, "solved_map", fail)
    assert main((*CONNECTIVITY, "json")) == cli.UNEXPECTED == 70
    told = capsys.readouterr().err
    assert told.startswith("Traceback")
    assert told.endswith("TypeError: a fault of the program\n")
