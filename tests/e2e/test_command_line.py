"""The command line, as a shell sees it."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from service.cli import main
from tests.running import ROOT
from tests.web.story import FLOW, LABELLED, PODS, POLICY

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "manifests"
    (inside / "below").mkdir(parents=True)
    (inside / "pods.yaml").write_text(PODS)
    (inside / "below" / "policy.yml").write_text(POLICY)
    (inside / "notes.txt").write_text("not a manifest")
    (inside / ".hidden.yaml").write_text("[")
    return inside


def ask(*arguments: str | Path, engine: str = "npm", form: str = "json") -> int:
    return main(["evaluate", *map(str, arguments), "--engine", engine, "--format", form])


STORY = ("--source", "demo/client", "--destination", "demo/server", "--port", "80")


@pytest.mark.parametrize(
    ("engine", "verdict"),
    [("npm", "Deny"), ("azure", "Deny"), ("cilium:1.17", "Deny"), ("none", "Allow")],
)
def test_one_flow(folder: Path, capsys: Capture, engine: str, verdict: str) -> None:
    assert ask(folder, *STORY, engine=engine) == 0
    answered = json.loads(capsys.readouterr().out)
    assert [each["verdict"] for each in answered["verdicts"]] == [verdict]
    assert answered["verdicts"][0]["flow"] == FLOW


def test_files_and_standard_input(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(LABELLED.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert ask(folder / "below" / "policy.yml", "-", *STORY, form="ndjson") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["verdict"] == "Allow"


def test_a_table(folder: Path, capsys: Capture) -> None:
    assert ask(folder, *STORY, form="table") == 0
    head, first, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == ["SOURCE", "DESTINATION", "PORT", "VERDICT", "BECAUSE"]
    assert re.match(r"demo/client +demo/server +TCP 80 +Deny +ingress: NetworkPolicy demo/", first)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(FLOW),
        json.dumps([FLOW]),
        json.dumps({"flows": [FLOW]}),
        json.dumps({"flows": [FLOW]}, indent=2),
    ],
)
def test_flows_from_a_file(folder: Path, tmp_path: Path, capsys: Capture, content: str) -> None:
    path = tmp_path / "flows.json"
    path.write_text(content)
    assert ask(folder, "--flows", path) == 0
    assert len(json.loads(capsys.readouterr().out)["verdicts"]) == 1


def test_flows_a_line(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "flows.ndjson"
    path.write_text(f"{json.dumps(FLOW)}\n\n{json.dumps({**FLOW, 'port': 81})}\n")
    assert ask(folder, "--flows", path, form="ndjson") == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["flow"]["port"] for each in found] == [80, 81]


@pytest.mark.parametrize(("verdict", "status"), [("Deny", 1), ("Allow", 0), ("Unknown", 0)])
def test_a_condition_that_fails(folder: Path, capsys: Capture, verdict: str, status: int) -> None:
    assert ask(folder, *STORY, "--fail-on", verdict) == status
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ("demo/client", {"namespace": "demo", "pod": "client"}),
        ("pod:demo/client", {"namespace": "demo", "pod": "client"}),
        ("demo/Pod/client", {"namespace": "demo", "workload": "Pod/client"}),
        ("workload:demo/Pod/client", {"namespace": "demo", "workload": "Pod/client"}),
        ("selector:demo?app=server", {"namespace": "demo", "labelSelector": "app=server"}),
        ("10.244.0.5", {"ip": "10.244.0.5"}),
        ("ip:203.0.113.9", {"ip": "203.0.113.9"}),
        ("fd00::9", {"ip": "fd00::9"}),
        ('{"namespace": "demo", "pod": "client"}', {"namespace": "demo", "pod": "client"}),
    ],
)
def test_ways_of_naming_an_end(folder: Path, capsys: Capture, source: str, end: Any) -> None:
    options = ("--destination", "demo/server", "--port", "80")
    assert ask(folder, "--source", source, *options) == 0, capsys.readouterr().err
    assert json.loads(capsys.readouterr().out)["verdicts"][0]["flow"]["source"] == end


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (STORY[:4], "port is required for TCP"),
        (("--source", "demo/client", "--port", "80"), "--destination or --flows is needed"),
        ((*STORY, "--flows", "x"), "--flows goes without"),
        (("--source", "a/b/c/d", *STORY[2:]), "'a/b/c/d' is no namespace/pod"),
        (("--source", "{", *STORY[2:]), "--source: the end"),
        (("--source", "demo/nobody", *STORY[2:]), "source: "),
        ((*STORY, "--protocol", "GRE"), "protocol must be one of"),
        ((*STORY, "--option", "a"), "--option a: give KEY=VALUE"),
        ((*STORY, "--option", "a=b"), "--engine: "),
        ((*STORY, "--pod-cidr", "10.0.0.0/99"), "--pod-cidr: "),
        ((*STORY, "--kubernetes-version", "new"), "--engine: "),
    ],
)
def test_bad_usage(folder: Path, capsys: Capture, arguments: tuple[str, ...], told: str) -> None:
    assert ask(folder, *arguments) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""


def test_what_argparse_refuses(folder: Path, capsys: Capture) -> None:
    for arguments in ([], ["nothing"], ["evaluate"], ["evaluate", str(folder)]):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
    assert "usage: netverdict" in capsys.readouterr().err


def test_every_fault_of_the_manifests_is_told(folder: Path, capsys: Capture) -> None:
    (folder / "below" / "wrong.yaml").write_text(POLICY.replace("port: 80", "port: 0"))
    (folder / "below" / "worse.yaml").write_text("a: [")
    assert ask(folder, *STORY) == 2
    faults = capsys.readouterr().err
    assert re.search(r"wrong\.yaml, document \d+, line 9, /spec/ingress/0/ports/0/port", faults)
    assert "worse.yaml" in faults


@pytest.mark.parametrize("name", ["nothing.yaml", "empty"])
def test_files_that_are_not_there(tmp_path: Path, capsys: Capture, name: str) -> None:
    (tmp_path / "empty").mkdir()
    assert ask(tmp_path / name, *STORY) == 2
    assert name in capsys.readouterr().err


def test_migrations(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETVERDICT_DATABASE_URL", f"sqlite:///{tmp_path / 'new.sqlite3'}")
    assert main(["upgrade-database", "--check"]) == 1
    assert "at migration none" in capsys.readouterr().err
    assert main(["upgrade-database"]) == 0
    assert "went from nothing" in capsys.readouterr().out
    assert main(["upgrade-database"]) == 0
    assert main(["upgrade-database", "--check"]) == 0


@pytest.mark.parametrize("command", ["upgrade-database", "serve"])
def test_settings_and_databases_that_are_wrong(
    command: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETVERDICT_WORKERS", "many")
    monkeypatch.setenv("NETVERDICT_LOG_LEVEL", "loud")
    assert main([command]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    monkeypatch.setenv("NETVERDICT_WORKERS", "1")
    monkeypatch.setenv("NETVERDICT_LOG_LEVEL", "info")
    monkeypatch.setenv("NETVERDICT_DATABASE_URL", "postgresql://a:secret@127.0.0.1:1/b")
    assert main([command]) == 2
    told = capsys.readouterr().err
    assert "cannot be used" in told
    assert "secret" not in told


def test_serve_wants_a_migrated_database(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETVERDICT_DATABASE_URL", f"sqlite:///{tmp_path / 'new.sqlite3'}")
    assert main(["serve"]) == 2
    assert "netverdict upgrade-database" in capsys.readouterr().err


@pytest.mark.slow
def test_serve_becomes_gunicorn(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "NETVERDICT_DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}",
        "NETVERDICT_BIND": "127.0.0.1:0",
        "NETVERDICT_WORKERS": "1",
    }
    command = [sys.executable, "-m", "service.cli", "serve", "--upgrade-database"]
    log = tmp_path / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        address = ""
        deadline = time.monotonic() + 60
        while not address and time.monotonic() < deadline and server.poll() is None:
            found = re.search(r"Listening at: (http://127\.0\.0\.1:[1-9]\d*)", log.read_text())
            address = found[1] if found else ""
            time.sleep(0.05)
        assert address, log.read_text()
        with urllib.request.urlopen(f"{address}/readyz", timeout=30) as answer:
            assert answer.status == 200
    finally:
        server.terminate()
        assert server.wait(30) == 0
    # gunicorn's lines have the form of all others.
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert {"gunicorn.error", "netverdict.wsgi"} <= {line["logger"] for line in lines}


@pytest.mark.slow
def test_gunicorn_gives_up_on_wrong_settings(tmp_path: Path) -> None:
    environment = {**os.environ, "NETVERDICT_SECRET_KEY": "short", "NETVERDICT_LOG_FORMAT": "xml"}
    stopped = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert stopped.returncode != 0
    assert "NETVERDICT_SECRET_KEY must have" in stopped.stderr
    assert "NETVERDICT_LOG_FORMAT must be" in stopped.stderr
