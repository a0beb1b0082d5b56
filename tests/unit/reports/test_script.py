"""The script of a plan: bash reads it, what is not known stops it, what deletes does not run."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.model.cluster import ClusterRecord
from service.usecases.report_script import render_script
from tests.unit.reports.making import RECORD, make, migration_ask
from tests.web.report_story import BLOCKED, SAFE, WITH_FIXES

ENGINES = ("npm", "calico", "cilium:1.18", "none")
NAMELESS = replace(RECORD, azure_resource_id=None, resource_group=None)


def script_of(manifests: str = WITH_FIXES, **asked: Any) -> str:
    report, content = make(migration_ask(**asked), manifests)
    return render_script(report, content)


def run(text: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script where every tool only says what it was asked."""
    for tool in ("az", "kubectl"):
        path = folder / tool
        path.write_text('#!/bin/sh\necho "$(basename "$0") $*" >&2\necho anything\n')
        path.chmod(0o755)
    return subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env={"PATH": f"{folder}:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("source", ENGINES)
@pytest.mark.parametrize("target", ENGINES)
@pytest.mark.parametrize("record", [RECORD, NAMELESS, ClusterRecord()], ids=["full", "some", "no"])
def test_bash_reads_it(source: str, target: str, record: ClusterRecord) -> None:
    for manifests in (BLOCKED, WITH_FIXES):
        text = script_of(manifests, target=target, source=source, record=record)
        checked = subprocess.run(
            ["bash", "-n"], input=text, capture_output=True, text=True, check=False
        )
        assert (checked.returncode, checked.stderr) == (0, "")


def test_steps_in_their_order(tmp_path: Path) -> None:
    report, _ = make(migration_ask(), WITH_FIXES)
    done = run(script_of(), tmp_path)
    assert done.returncode == 0
    asked = [line for line in done.stderr.splitlines() if line.startswith(("az ", "kubectl "))]
    expected = [
        command["text"].split()[:3]
        for step in report["path"]["steps"]
        if not step["optional"]
        for command in (*step["commands"], *step["verify"])
        if not command["destructive"] and not command["conditional"]
    ]
    assert [each.split()[:3] for each in asked] == expected


def test_what_is_not_known_stops_it_first(tmp_path: Path) -> None:
    text = script_of(record=NAMELESS, name=None)
    done = run(text, tmp_path)
    assert done.returncode != 0
    assert "RESOURCE_GROUP" in done.stderr
    assert "az " not in done.stderr
    given = run(text, tmp_path, RESOURCE_GROUP="rg one", CLUSTER="prod")
    assert given.returncode == 0
    assert "--resource-group rg one --name prod" in given.stderr


def test_a_refused_change_says_so_and_ends(tmp_path: Path) -> None:
    text = script_of(BLOCKED)
    done = run(text, tmp_path)
    assert done.returncode == 1
    assert "AKS refuses this as things are: remove the windows node pools first" in done.stderr
    assert "az aks" not in done.stderr
    assert run(text, tmp_path, NETVERDICT_PROCEED="yes").returncode == 0


def test_where_there_is_no_way(tmp_path: Path) -> None:
    done = run(script_of(source="cilium:1.18", target="npm"), tmp_path, NETVERDICT_PROCEED="yes")
    assert done.returncode == 1
    assert "AKS refuses this as things are" in done.stderr


def test_it_stops_where_a_step_fails(tmp_path: Path) -> None:
    text = script_of()
    broken = text.replace("az aks update", "false")
    assert broken != text
    done = run(broken, tmp_path)
    assert done.returncode == 1
    assert "kubectl rollout status" not in done.stderr


def test_what_deletes_is_for_the_user_to_decide() -> None:
    text = script_of(SAFE, source="calico", target="cilium:1.18")
    deleting = [line for line in text.splitlines() if "kubectl delete" in line]
    assert deleting
    assert all(line.startswith("#$ ") for line in deleting)


def test_the_backup_is_applied_only_if_something_is_missing() -> None:
    text = script_of(SAFE, source="npm", target="calico")
    assert "\n#$ kubectl apply --filename networkpolicies-before.yaml\n" in text


def test_the_head_says_what_it_is() -> None:
    head = script_of().splitlines()[:4]
    assert head[0] == "#!/usr/bin/env bash"
    assert head[1] == "# Migration of shop: npm:1.8.12 to cilium:1.18, as of 2026-11-22"
    assert head[2] == "# Verdict: SafeWithFixes"


def test_the_same_report_gives_the_same_script() -> None:
    assert script_of() == script_of()


def test_no_text_breaks_out_of_its_comment() -> None:
    report, content = make(migration_ask(), WITH_FIXES)
    report["reasons"] = ["first\ntouch /tmp/never", "'; touch never #"]
    report["path"]["steps"][0]["detail"] = "a\nb"
    text = render_script(report, content)
    assert "# - first touch /tmp/never" in text
    assert "\ntouch" not in text
    assert "# a b" in text
