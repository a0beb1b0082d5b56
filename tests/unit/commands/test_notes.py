"""What commands over files tell beside their answers, and inputs that hold nothing."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from service.cli import main
from tests.web.story import FLOW, LABELLED, POLICY

Capture = pytest.CaptureFixture[str]

ENGINE = ("--engine", "npm")
ENDS = ("--source", "10.0.0.1", "--destination", "10.0.0.2", "--port", "80")
COMMANDS = {
    "connectivity": ("connectivity", "FILES", *ENGINE),
    "diff": ("diff", "FILES", *ENGINE, "--engine", "cilium"),
    "evaluate": ("evaluate", "FILES", *ENGINE, *ENDS),
    "check": ("check", "FILES", *ENGINE),
    "migrate": ("migrate", "FILES", "--source", "npm", "--target", "cilium"),
}
OTHERS = """\
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
---
{apiVersion: v1, kind: Secret, metadata: {name: a}}
"""


@pytest.fixture
def story(tmp_path: Path) -> Path:
    (tmp_path / "pods.yaml").write_text(LABELLED)
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Each command in turn, with `FILES` for what it reads."""
    return COMMANDS[request.param]


def run(command: tuple[str, ...], *files: str | Path, more: tuple[str, ...] = ()) -> int:
    names = [str(each) for each in files]
    at = command.index("FILES")
    return main([*command[:at], *names, *command[at + 1 :], *more])


def test_what_is_left_aside_is_told(command: tuple[str, ...], story: Path, capsys: Capture) -> None:
    assert run(command, story) == 0
    before = capsys.readouterr()
    (story / "others.yaml").write_text(OTHERS)
    assert run(command, story) == 0
    after = capsys.readouterr()
    told = "3 objects left aside, of kinds that are not read: v1/ConfigMap (2), v1/Secret"
    assert after.out == before.out
    assert [each for each in after.err.splitlines() if each not in before.err] == [
        f"note: {told} [ObjectsIgnored]"
    ]


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (["One"], "1 object left aside, of kinds that are not read: a.io/v1/One"),
        ([f"K{each:02}" for each in range(14)], "a.io/v1/K11, 2 more kinds"),
        (['"A\\nnote: B"'], r"a.io/v1/A\nnote: B ["),
    ],
)
def test_how_kinds_are_named(story: Path, capsys: Capture, kinds: list[str], told: str) -> None:
    objects = (f"---\napiVersion: a.io/v1\nkind: {each}\n" for each in kinds)
    (story / "others.yaml").write_text("".join(objects))
    assert run(COMMANDS["connectivity"], story) == 0
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "identity", ["networking.k8s.io/v1, kind: Networkpolicy", "v1, kind: List"]
)
def test_what_no_server_takes_is_bad_input(
    command: tuple[str, ...], identity: str, story: Path, capsys: Capture
) -> None:
    (story / "wrong.yaml").write_text(f"{{apiVersion: {identity}, metadata: {{name: a}}}}\n")
    assert run(command, story) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{story / 'wrong.yaml'}, document " in told.err


@pytest.mark.parametrize("content", ["", "\n", "# nothing\n", "---\n---\n"])
def test_empty_inputs(
    command: tuple[str, ...],
    content: str,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert run(command, "-") == 2
    assert capsys.readouterr().err == "standard input: empty; there are no manifests to read\n"
    (tmp_path / "a.yaml").write_text(content)
    assert run(command, tmp_path, tmp_path / "a.yaml") == 2
    told = capsys.readouterr()
    assert told.err.startswith(f"{tmp_path}, {tmp_path / 'a.yaml'}: empty")
    assert told.out == ""


def test_an_empty_side_of_a_difference(story: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.json").write_text(" ")
    empty = str(tmp_path / "a.json")
    for files in ([str(story / "pods.yaml"), "--", empty], [empty, "--", str(story)]):
        assert main(["diff", *files, *ENGINE]) == 2
        assert empty in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [OTHERS, '{"apiVersion": "v1", "kind": "List", "items": []}', "kind: List\nitems: []\n"],
)
def test_inputs_that_are_not_empty(command: tuple[str, ...], content: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(content)
    (tmp_path / "b.yaml").write_text("")
    assert run(command, tmp_path) == 0


def test_notes_have_places(command: tuple[str, ...], story: Path, capsys: Capture) -> None:
    (story / "policy.yaml").write_text(f"{POLICY}spec: {{podSelector: {{}}}}\n")
    assert run(command, story) == 0
    (note,) = (each for each in capsys.readouterr().err.splitlines() if "DuplicateKey" in each)
    line = POLICY.count("\n") + 1
    assert note.startswith(f"note: {story / 'policy.yaml'}, document 4, line {line}, /spec: ")


def test_notes_of_a_cluster_record_have_no_file(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.yaml").write_text(LABELLED)
    (tmp_path / "show.json").write_text('{"id": "/x", "networkProfile": {"networkPolicy": "new"}}')
    main(["check", str(tmp_path / "a.yaml"), "--cluster", str(tmp_path / "show.json"), *ENGINE])
    assert "document" not in capsys.readouterr().err


def flows(story: Path, content: bytes) -> int:
    (story / "flows.txt").write_bytes(content)
    arguments = [str(story), "--flows", str(story / "flows.txt"), "--format", "ndjson"]
    return main(["evaluate", *arguments, *ENGINE])


TEXT = json.dumps(FLOW)


@pytest.mark.parametrize(
    "content", [TEXT, f"[{TEXT}]", f'{{"flows": [{TEXT}]}}', f"{TEXT}\n{TEXT}"]
)
def test_a_byte_order_mark_before_flows(story: Path, capsys: Capture, content: str) -> None:
    assert flows(story, content.encode("utf-8-sig")) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f'{{"flows": [{TEXT}], "engine": "npm"}}', "unknown key 'engine' beside 'flows'"),
        (f'{{"flows": [{TEXT}], "Flows": 1, "x": 2}}', "unknown key 'x' beside 'flows'"),
        (f'[{TEXT[:-1]}, "port": 81}}]', "the key 'port' is there twice"),
        (f'{TEXT[:-1]},\n"port": 81}}', "the key 'port' is there twice"),
        (f'{TEXT}\n{TEXT[:-1]}, "port": 81}}', "flow 2: the key 'port' is there twice"),
        (f'{{"flows": [], "flows": [{TEXT}]}}', "the key 'flows' is there twice"),
        ('{"flows": []}', "no flows"),
        ('{"flows": {}}', "no flows"),
        (f"{TEXT[:-1]}", "flows.txt: "),
        ("[" * 100_000, "flows.txt: "),
    ],
)
def test_flows_that_say_more_than_is_read(
    story: Path, capsys: Capture, content: str, told: str
) -> None:
    assert flows(story, content.encode()) == 2
    answered = capsys.readouterr()
    assert told in answered.err
    assert answered.out == ""


def test_facts_with_a_key_twice(story: Path, capsys: Capture) -> None:
    (story / "facts.txt").write_text('{"a": 1, "a": 2}')
    assert run(COMMANDS["check"], story, more=("--facts", str(story / "facts.txt"))) == 2
    assert "facts.txt: the key 'a' is there twice" in capsys.readouterr().err
