"""`netverdict diff`: two sets of files, or two engines."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from service.cli import main
from service.commands import diff
from tests.unit.commands.test_connectivity import CLIENT, SERVER
from tests.web.story import FLOW, LABELLED, PODS, POLICY

Capture = pytest.CaptureFixture[str]
REFERENCE = {"kind": "NetworkPolicy", "namespace": "demo", "name": "demo-policy"}


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    """Unlabelled clients, whom the policy keeps out, and labelled ones."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, pods in ((old, PODS), (new, LABELLED)):
        folder.mkdir()
        (folder / "pods.yaml").write_text(pods)
        (folder / "policy.yaml").write_text(POLICY)
    return old, new


def ask(*arguments: str | Path) -> int:
    return main(["diff", *map(str, arguments)])


def test_two_sets(sets: tuple[Path, Path], capsys: Capture) -> None:
    old, new = sets
    assert ask(old, "--engine", "npm", "--format", "json", "--", new) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["policies"] == {"added": [], "removed": [], "changed": []}
    assert found["summary"] == {
        "newlyAllowed": 1,
        "newlyDenied": 0,
        "newlyUnknown": 0,
        "workloadsAdded": [],
        "workloadsRemoved": [],
    }
    (item,) = found["items"]
    before, after = item.pop("decidedBefore"), item.pop("decidedAfter")
    assert item == {
        "source": CLIENT,
        "destination": SERVER,
        "change": "newlyAllowed",
        "before": "Deny",
        "after": "Allow",
        "connections": [{"protocol": "TCP", "ports": "80"}],
        "witness": FLOW,
    }
    assert (before["verdict"], after["verdict"]) == ("Deny", "Allow")
    assert after["ingress"]["evidence"][0]["policy"] == REFERENCE


def test_lines_and_items_are_the_same(sets: tuple[Path, Path], capsys: Capture) -> None:
    old, new = sets
    ask(old, "--engine", "npm", "--format", "json", "--", new)
    items = json.loads(capsys.readouterr().out)["items"]
    assert ask(old, "--engine", "npm", "--format", "ndjson", "--", new) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == items


def test_a_table_names_policies_and_rules(sets: tuple[Path, Path], capsys: Capture) -> None:
    old, _ = sets
    assert ask(old / "pods.yaml", "--engine", "npm", "--", old) == 0
    first, header, *rows = capsys.readouterr().out.splitlines()
    assert first == "policy added: NetworkPolicy demo/demo-policy"
    assert header.split() == ["CHANGE", "SOURCE", "DESTINATION", "CONNECTIONS", "BECAUSE"]
    assert rows
    assert all("demo-policy" in row for row in rows)


def test_two_engines_over_one_set(tmp_path: Path, capsys: Capture) -> None:
    """On Cilium a block of addresses does not speak of pods."""
    (tmp_path / "all.yaml").write_text(
        f"{LABELLED}---\n"
        + POLICY.replace("podSelector: {matchLabels: {app: client}}", "ipBlock: {cidr: 10.0.0.0/8}")
    )
    engines = ("--engine", "npm", "--engine", "cilium")
    assert ask(tmp_path, *engines, "--format", "ndjson", "--source", "demo/client") == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [
        (each["change"], each["connections"], each["witness"]["port"])
        for each in found
        if each["destination"] == SERVER
    ] == [("newlyDenied", [{"protocol": "TCP", "ports": "80"}], 80)]


REPLICA = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: a
  labels: {labels}
  ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: w, uid: w, controller: true}}]
spec: {{containers: [{{name: main, image: nginx}}]}}
"""
FROM_THE_OTHERS = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: others, namespace: a}
spec:
  podSelector: {matchLabels: {x: "1"}}
  ingress: [{from: [{podSelector: {matchExpressions: [{key: x, operator: DoesNotExist}]}}]}]
"""


def test_what_a_pod_may_send_itself_does_not_change(tmp_path: Path, capsys: Capture) -> None:
    """The one pod that has the label is kept from those that have it, and loses it."""
    second = REPLICA.format(name="w-1", labels={})
    old, new = (tmp_path / name for name in ("old.yaml", "new.yaml"))
    old.write_text(
        "---\n".join([REPLICA.format(name="w-0", labels={"x": "1"}), second, FROM_THE_OTHERS])
    )
    new.write_text("---\n".join([REPLICA.format(name="w-0", labels={}), second]))
    options = ("--engine", "kubernetes", "--source", "a/ReplicaSet/w", "--format", "ndjson")
    assert ask(old, *options, "--fail-on", "any", "--", new) == 0
    assert capsys.readouterr().out == ""


def test_groups_count_their_pairs(sets: tuple[Path, Path], capsys: Capture) -> None:
    old, new = sets
    assert ask(old, "--engine", "npm", "--format", "ndjson", "--group", "--", new) == 0
    (group,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (group["sources"], group["destinations"], group["pairs"]) == ([CLIENT], [SERVER], 1)


def test_workloads_that_went(sets: tuple[Path, Path], tmp_path: Path, capsys: Capture) -> None:
    old, _ = sets
    alone = tmp_path / "alone.yaml"
    alone.write_text(PODS.rpartition("---")[0])
    assert ask(old / "pods.yaml", "--engine", "npm", "--format", "json", "--", alone) == 0
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert (summary["workloadsAdded"], summary["workloadsRemoved"]) == ([], [SERVER])


def test_standard_input(
    sets: tuple[Path, Path], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = sets
    both = f"{LABELLED}---\n{POLICY}"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(both.encode())))
    assert ask(new, "--engine", "npm", "--format", "ndjson", "--", "-") == 0
    assert capsys.readouterr().out == ""
    assert old.is_dir()


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ([], 0),
        (["any"], 1),
        (["newlyAllowed"], 1),
        (["newlyDenied"], 0),
        (["newlyDenied", "newlyUnknown"], 0),
        (["newlyDenied", "newlyAllowed"], 1),
    ],
)
def test_exit_status(sets: tuple[Path, Path], conditions: list[str], status: int) -> None:
    old, new = sets
    options = [text for each in conditions for text in ("--fail-on", each)]
    assert ask(old, "--engine", "npm", *options, "--", new) == status


@pytest.mark.parametrize("form", ["table", "json", "ndjson"])
@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        (["--source", "demo/client"], 1),
        (["--source", "demo/server"], 0),
        (["--change", "newlyAllowed"], 1),
        (["--change", "newlyDenied"], 0),
    ],
)
def test_the_exit_status_is_that_of_what_is_listed(
    sets: tuple[Path, Path], form: str, wanted: list[str], status: int
) -> None:
    old, new = sets
    options = ("--engine", "npm", "--fail-on", "any", "--format", form, *wanted)
    assert ask(old, *options, "--", new) == status


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["SET", "--engine", "npm"], "second"),
        (["SET", *(["--engine", "npm"] * 3)], "twice"),
        (["SET", "--engine", "npm", "--engine", "weave"], "--engine"),
        (["SET", "--engine", "npm", "--", "missing"], "missing: no such file"),
        (["SET", "--engine", "npm", "--source", "x", "--", "SET"], "x"),
        (["SET", "--engine", "npm", "--source", "svc:demo/x", "--", "SET"], "no ends by service"),
        (["SET", "--engine", "npm", "--source", "selector:x?a===", "--", "SET"], "label value"),
        (["SET", "--engine", "npm", "--source", "demo/cleint", "--", "SET"], "no pod demo/cleint"),
        (["SET", "--engine", "npm", "--group", "--", "SET"], "--group"),
    ],
)
def test_bad_input(
    sets: tuple[Path, Path], capsys: Capture, arguments: list[str], told: str
) -> None:
    assert ask(*[str(sets[0]) if each == "SET" else each for each in arguments]) == 2
    answered = capsys.readouterr()
    assert told in answered.err
    assert not answered.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        # As when a variable of the shell is empty.
        (["SET", "--", "--engine", "npm"], "no files behind --"),
        (["SET", "--engine", "npm", "--"], "no files behind --"),
        (["SET", "--engine", "npm", "--engine", "cilium", "--"], "no files behind --"),
        (["--engine", "npm", "--", "SET"], "required: OLD"),
        (["--", "SET", "--engine", "npm", "--", "SET"], "-- may be given once"),
    ],
)
def test_sets_that_are_not_there(
    sets: tuple[Path, Path], capsys: Capture, arguments: list[str], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        ask(*[str(sets[0]) if each == "SET" else each for each in arguments])
    assert ended.value.code == 2
    answered = capsys.readouterr()
    assert told in answered.err
    assert not answered.out


def test_a_set_with_an_empty_name_is_not_where_the_command_runs(
    sets: tuple[Path, Path], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sets[0])
    assert ask(sets[1], "--engine", "npm", "--", "") == 2
    assert capsys.readouterr().err == "an empty name is no file\n"


def test_a_table_tells_the_variants_of_one_owner_apart(tmp_path: Path, capsys: Capture) -> None:
    """Of two pods of one owner a policy selects one by a label."""
    owner = "ownerReferences: [{kind: ReplicaSet, name: web, controller: true}]"
    pods = "---\n".join(
        each.replace("namespace: demo", f"namespace: demo, {owner}")
        for each in LABELLED.split("---\n")
    )
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(f"{pods}---\n{POLICY}")
    new.write_text(pods)
    assert ask(old, "--engine", "npm", "--", new) == 0
    rows = capsys.readouterr().out
    assert "demo/ReplicaSet/web " in rows
    assert "demo/ReplicaSet/web (variant 2)" in rows


def test_a_table_of_what_has_no_ports() -> None:
    item: dict[str, object] = {
        "change": "newlyAllowed",
        "source": CLIENT,
        "destination": SERVER,
        "connections": [{"protocol": "TCP", "ports": "80"}, {"protocol": "ICMP"}],
        "decidedBefore": None,
        "decidedAfter": None,
    }
    assert diff._row(item)[3] == "TCP 80; ICMP"


def test_bad_usage(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        ask("x", "--engine", "npm", "--fail-on", "anything")
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err
