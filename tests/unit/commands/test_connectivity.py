"""`netverdict connectivity`: the map of files, in every format."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from service.cli import main
from tests.web.story import LABELLED, PODS, POLICY

Capture = pytest.CaptureFixture[str]

CLIENT = {"kind": "Workload", "namespace": "demo", "workload": "Pod/client"}
SERVER = {"kind": "Workload", "namespace": "demo", "workload": "Pod/server"}
WORLD = {"kind": "External", "addresses": "0.0.0.0-255.255.255.255"}
EVERYTHING = [{"protocol": name, "ports": "1-65535"} for name in ("TCP", "UDP", "SCTP")]
HTTP = {
    "source": CLIENT,
    "destination": SERVER,
    "verdict": "Allow",
    "connections": [{"protocol": "TCP", "ports": "80"}],
}


@pytest.fixture
def story(tmp_path: Path) -> Path:
    (tmp_path / "pods.yaml").write_text(LABELLED)
    (tmp_path / "policy.yml").write_text(POLICY)
    return tmp_path


def ask(*arguments: str | Path, engine: str = "kubernetes") -> int:
    return main(["connectivity", *map(str, arguments), "--engine", engine])


def test_ndjson_is_one_connection_a_line(story: Path, capsys: Capture) -> None:
    assert ask(story, "--format", "ndjson") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {"source": SERVER, "destination": CLIENT, "verdict": "Allow", "connections": EVERYTHING},
        {"source": WORLD, "destination": CLIENT, "verdict": "Allow", "connections": EVERYTHING},
        HTTP,
        {"source": CLIENT, "destination": WORLD, "verdict": "Allow", "connections": EVERYTHING},
        {"source": SERVER, "destination": WORLD, "verdict": "Allow", "connections": EVERYTHING},
    ]
    assert all(list(each) == list(HTTP) for each in lines)


def test_json_has_the_same_items(story: Path, capsys: Capture) -> None:
    ask(story, "--format", "ndjson")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ask(story, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == {"items": lines}


def test_csv(story: Path, capsys: Capture) -> None:
    assert ask(story, "--format", "csv", "--destination", "demo/server") == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row == {
        "sourceKind": "Workload",
        "sourceNamespace": "demo",
        "source": "Pod/client",
        "destinationKind": "Workload",
        "destinationNamespace": "demo",
        "destination": "Pod/server",
        "verdict": "Allow",
        "protocol": "TCP",
        "ports": "80",
        "assumptions": "",
    }


def test_dot(story: Path, capsys: Capture) -> None:
    assert ask(story, "--format", "dot", "--destination", "demo/server") == 0
    assert capsys.readouterr().out.splitlines() == [
        "digraph connectivity {",
        "  rankdir=LR;",
        "  node [shape=box];",
        '  "demo/Pod/client" -> "demo/Pod/server" [label="TCP 80"];',
        "}",
    ]


def test_a_table_is_what_people_get(story: Path, capsys: Capture) -> None:
    assert ask(story, "--source", "demo/client", "--destination", "demo/server") == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["SOURCE", "DESTINATION", "VERDICT", "CONNECTIONS"]
    assert line.split() == ["demo/Pod/client", "demo/Pod/server", "Allow", "TCP", "80"]


def test_standard_input(story: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(POLICY.encode())))
    assert ask("-", story / "pods.yaml", "--format", "ndjson", "--destination", "demo/server") == 0
    assert [json.loads(each) for each in capsys.readouterr().out.splitlines()] == [HTTP]


def test_groups(story: Path, capsys: Capture) -> None:
    assert ask(story, "--group") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {
        "sources": [CLIENT],
        "destinations": [SERVER],
        "verdict": "Allow",
        "connections": HTTP["connections"],
    } in lines
    assert all(list(each)[:2] == ["sources", "destinations"] for each in lines)


def test_groups_as_one_document(story: Path, capsys: Capture) -> None:
    ask(story, "--group", "--format", "ndjson")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) > 1
    assert ask(story, "--group", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == {"items": lines}


def test_summary(story: Path, capsys: Capture) -> None:
    assert ask(story, "--summary") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found.pop("mostExposed")[0]["endpoint"] == CLIENT
    assert found == {
        "workloads": 2,
        "nodes": 0,
        "externalRanges": 1,
        "workloadPairs": 2,
        "allowedPairs": 2,
        "unknownPairs": 0,
        "reachedFromOutside": 1,
    }


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ([], 0),
        (["--fail-on", "any"], 1),
        (["--fail-on", "unknown"], 0),
        (["--fail-on", "any", "--destination", "demo/server", "--port", "81"], 0),
        (["--fail-on", "any", "--group"], 1),
        (["--fail-on", "any", "--fail-on", "unknown"], 1),
    ],
)
def test_exit_status(story: Path, more: list[str], status: int) -> None:
    assert ask(story, *more) == status


@pytest.mark.parametrize(("option", "lines"), [("--external", 3), ("--no-external", 2)])
def test_ends_outside(story: Path, capsys: Capture, option: str, lines: int) -> None:
    assert ask(story, "--format", "ndjson", option) == 0
    assert len(capsys.readouterr().out.splitlines()) == lines


def test_unknown_is_a_line_and_an_exit_status(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "pods.yaml").write_text(LABELLED.replace("podIP: 10.244.0.5", "reason: none"))
    (tmp_path / "policy.yaml").write_text(
        POLICY.replace("podSelector: {matchLabels: {app: client}}", "ipBlock: {cidr: 10.0.0.0/8}")
    )
    wanted = ["--source", "demo/client", "--destination", "demo/server"]
    assert ask(tmp_path, *wanted, "--format", "ndjson", "--fail-on", "unknown") == 1
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert line["verdict"] == "Unknown"
    assert [each["code"] for each in line["assumptions"]] == ["AddressUnknown"]


def test_every_fault_is_told(tmp_path: Path, capsys: Capture) -> None:
    bad = POLICY.replace("port: 80", "port: 99999").replace("apiVersion", "apiVersion")
    (tmp_path / "one.yaml").write_text(bad)
    (tmp_path / "two.yaml").write_text(PODS.replace("name: server", "name: Server"))
    assert ask(tmp_path) == 2
    answered = capsys.readouterr()
    assert not answered.out
    faults = answered.err.splitlines()
    assert len(faults) >= 2
    assert any("/spec/ingress/0/ports/0/port" in each for each in faults)
    assert any("/metadata/name" in each for each in faults)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["missing.yaml"], "missing.yaml: no such file"),
        (["-", "-"], "standard input"),
        (["STORY", "--source", "nowhere"], "nowhere"),
        (["STORY", "--option", "x"], "KEY=VALUE"),
        (["STORY", "--pod-cidr", "x"], "--pod-cidr"),
        (["STORY", "--port", "70000"], "70000"),
        # Not an empty answer, which would be read as "nobody".
        (["STORY", "--source", "demo/Deployment/client", "--fail-on", "any"], "no workload demo"),
        (["STORY", "--namespace", "dmeo"], "no namespace dmeo"),
        (["STORY", "--destination", "svc:demo/web"], "no ends by service"),
        (["STORY", "--source", "selector:demo?a==="], "label value"),
        # Nor options that nothing comes of.
        (["STORY", "--summary", "--port", "80"], "--summary"),
        (["STORY", "--summary", "--fail-on", "any"], "--summary"),
        (["STORY", "--group", "--format", "csv"], "JSON, not csv"),
    ],
)
def test_bad_input(story: Path, capsys: Capture, arguments: list[str], told: str) -> None:
    assert ask(*[str(story) if each == "STORY" else each for each in arguments]) == 2
    answered = capsys.readouterr()
    assert told in answered.err
    assert not answered.out


@pytest.mark.parametrize("engine", ["weave", "cilium:x"])
def test_an_engine_that_is_not_known(story: Path, capsys: Capture, engine: str) -> None:
    assert ask(story, engine=engine) == 2
    assert "--engine" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["connectivity"], ["connectivity", "f", "--engine", "npm", "--format", "xml"]],
)
def test_bad_usage(capsys: Capture, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err
