"""`netverdict check` and `netverdict migrate`: reports from files."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from service.cli import main
from service.manifests.archive import inventory_digest, policy_set_digest
from service.manifests.digests import revision_digest
from service.usecases.report_making import report_header
from tests.unit.reports.making import compatibility_ask, make, migration_ask, read
from tests.web.report_story import BLOCKED, FACTS, SAFE, SHOW, WITH_FIXES

Capture = pytest.CaptureFixture[str]
DAY = "2026-11-22"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the story's manifests, cluster record and facts, where the command runs."""
    (tmp_path / "manifests").mkdir()
    (tmp_path / "safe.yaml").write_text(SAFE)
    (tmp_path / "blocked.yaml").write_text(BLOCKED)
    *inventory, policy = WITH_FIXES.split("---\n")
    (tmp_path / "manifests" / "cluster.yaml").write_text("---\n".join(inventory))
    (tmp_path / "manifests" / "policies.yaml").write_text(f"# who may call\n---\n{policy}")
    (tmp_path / "show.json").write_text(json.dumps(SHOW))
    (tmp_path / "facts.json").write_text(json.dumps(FACTS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


CLUSTER = ("--cluster", "show.json", "--facts", "facts.json", "--as-of", DAY)


def check(*arguments: str, files: str = "manifests") -> int:
    return main(["check", files, *CLUSTER, *arguments])


def migrate(*arguments: str, files: str = "manifests", target: str = "cilium:1.18") -> int:
    return main(["migrate", files, *CLUSTER, "--target", target, *arguments])


def printed(capsys: Capture) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("place")
def test_a_compatibility_report_is_that_of_the_service(capsys: Capture) -> None:
    assert check("--engine", "cilium:1.18", "--format", "json") == 0
    found = printed(capsys)
    report, content = make(compatibility_ask("cilium:1.18"), WITH_FIXES)
    assert found["cluster"] == "shop"
    assert found["findings"] == list(content.findings)
    for name in content.body:
        assert found[name] == report[name]


@pytest.mark.usefixtures("place")
def test_a_migration_report_is_that_of_the_service(capsys: Capture) -> None:
    assert migrate("--format", "json") == 0
    found = printed(capsys)
    _, content = make(migration_ask(), WITH_FIXES)
    assert found["findings"] == list(content.findings)
    assert found["impact"]["groups"] == list(content.groups)
    assert found["remedies"] == list(content.remedies)
    read_again = read(WITH_FIXES)
    digest = revision_digest(
        policy_set_digest(read_again.policies), inventory_digest(read_again.inventory)
    )
    header = report_header(migration_ask(), digest, content)
    assert found["revisionDigest"] == digest
    assert found["digest"] == header["digest"]


@pytest.mark.usefixtures("place")
def test_the_engine_is_the_clusters_unless_said_otherwise(capsys: Capture) -> None:
    assert check("--format", "json") == 0
    assert printed(capsys)["engine"]["name"] == "npm"
    assert migrate("--format", "json") == 0
    assert printed(capsys)["source"]["name"] == "npm"
    assert migrate("--format", "json", "--source", "calico") == 0
    assert printed(capsys)["source"]["name"] == "calico"


@pytest.mark.usefixtures("place")
def test_files_alone(capsys: Capture) -> None:
    command = ["migrate", "manifests", "--source", "npm", "--target", "cilium:1.18"]
    assert main([*command, "--as-of", DAY, "--format", "json"]) == 0
    found = printed(capsys)
    assert "cluster" not in found
    assert found["missing"]
    requests = " ".join(each["text"] for each in found["path"]["requests"])
    assert "RESOURCE_GROUP" in requests
    assert "CLUSTER" in requests
    assert found["basis"]["podCidrs"] == []


@pytest.mark.usefixtures("place")
def test_what_options_tell_of_the_cluster(capsys: Capture) -> None:
    files = ["manifests", "--engine", "cilium", "--format", "json"]
    options = ["--kubernetes-version", "1.31.2", "--pod-cidr", "10.244.0.0/16"]
    assert main(["check", *files, *options, "--cluster-name", "prod"]) == 0
    found = printed(capsys)
    assert found["cluster"] == "prod"
    assert found["engine"]["version"].startswith("1.16")
    assert found["basis"]["podCidrs"] == ["10.244.0.0/16"]
    assert check("--engine", "npm", "--option", "fixes=2026-09", "--format", "json") == 0
    assert printed(capsys)["engine"]["options"] == {"fixes": "2026-09"}


@pytest.mark.usefixtures("place")
def test_forms(capsys: Capture) -> None:
    assert migrate() == 0
    assert capsys.readouterr().out.startswith("# Migration of shop: npm:1.8.12 to cilium:1.18\n")
    assert migrate("--format", "script") == 0
    assert capsys.readouterr().out.startswith("#!/usr/bin/env bash\n")
    assert migrate("--format", "junit") == 0
    assert len(ElementTree.fromstring(capsys.readouterr().out)) == 2
    assert check("--engine", "cilium:1.18", "--format", "ndjson") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(each)["rule"] for each in lines] == ["FEAT-010"]


@pytest.mark.usefixtures("place")
def test_sarif_points_into_the_files(capsys: Capture) -> None:
    assert check("--engine", "cilium:1.18", "--format", "sarif") == 0
    results = printed(capsys)["runs"][0]["results"]
    (block,) = [each for each in results if each["ruleId"] == "FEAT-010"]
    assert block["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "manifests/policies.yaml"},
        "region": {"startLine": 3},
    }


def test_sarif_of_a_folder_given_in_full(place: Path, capsys: Capture) -> None:
    files = str(place / "manifests")
    assert check("--engine", "cilium:1.18", "--format", "sarif", files=files) == 0
    assert '"manifests/policies.yaml"' in capsys.readouterr().out


def test_standard_input(place: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (place / "safe.yaml").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert migrate("--format", "json", files="-") == 0
    assert printed(capsys)["verdict"] == "Safe"


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("files", "condition", "status"),
    [
        ("safe.yaml", "any", 0),
        ("manifests", "any", 1),
        ("manifests", "SafeWithFixes", 1),
        ("manifests", "Blocked", 0),
        ("blocked.yaml", "Blocked", 1),
        ("manifests", "newlyDenied", 1),
        ("safe.yaml", "newlyDenied", 0),
        ("manifests", "newlyAllowed", 0),
        ("manifests", "unexplained", 0),
        ("blocked.yaml", "Blocker", 1),
        ("manifests", "Blocker", 0),
        ("manifests", "High", 1),
    ],
)
def test_exit_status_of_migrate(files: str, condition: str, status: int) -> None:
    assert migrate("--format", "json", "--fail-on", condition, files=files) == status


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("files", "conditions", "status"),
    [
        ("safe.yaml", ["any"], 0),
        ("manifests", ["any"], 1),
        ("manifests", ["CompatibleWithFindings"], 1),
        ("manifests", ["Incompatible"], 0),
        ("manifests", ["Incompatible", "High"], 1),
        ("blocked.yaml", ["Incompatible"], 1),
        ("blocked.yaml", ["Unknown"], 0),
        ("manifests", ["Blocker"], 0),
        ("manifests", ["Low"], 1),
        ("safe.yaml", ["Low"], 0),
    ],
)
def test_exit_status_of_check(files: str, conditions: list[str], status: int) -> None:
    options = [text for each in conditions for text in ("--fail-on", each)]
    assert check("--engine", "cilium:1.18", *options, files=files) == status


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("arguments", "faults"),
    [
        (["migrate", "manifests", "--target", "cilium"], ["--source: the cluster's engine"]),
        (
            ["migrate", "manifests", "--source", "npn", "--target", "ciliu", "--as-of", "today"],
            ["--source: 'npn' is not", "--target: 'ciliu' is not", "--as-of: must be a day"],
        ),
        (
            ["migrate", "manifests", "--source", "npm", "--target", "kubernetes"],
            ["--target: kubernetes is no engine that a cluster can be moved to"],
        ),
        (
            ["migrate", "manifests", "--source", "npm", "--target", "cilium:9.9"],
            ["--target: cilium 9.9 is not covered"],
        ),
        (
            ["migrate", "safe.yaml", *CLUSTER, "--target", "cilium", "--target-pod-cidr", "10"],
            ["--target-pod-cidr: "],
        ),
        (["migrate", "manifests", "--target", "npm", "--source-option", "fixes"], ["KEY=VALUE"]),
        (
            ["migrate", "manifests", "--target", "npm", "--source-option", "a=b"],
            ["--source-option goes with --source"],
        ),
        (["check", "manifests", "--option", "a=b"], ["--option goes with --engine"]),
        (["check", "manifests"], ["--engine: the cluster's engine is not known"]),
        (["check", "nothing", "--engine", "npm"], ["nothing: no such file"]),
        (["check", "manifests", "--engine", "npm", "--pod-cidr", "x"], ["--pod-cidr: "]),
        (
            ["check", "manifests", "--engine", "npm", "--kubernetes-version", "new"],
            ["--kubernetes-version: "],
        ),
        (["check", "manifests", "--engine", "npm", "--cluster", "facts.json"], ["facts.json: "]),
        (
            ["check", "manifests", "--engine", "npm", "--cluster", "safe.yaml"],
            ["safe.yaml: no JSON"],
        ),
        (
            ["check", "manifests", "--engine", "npm", "--facts", "show.json"],
            ["show.json: /networkProfile: is not known"],
        ),
    ],
)
def test_bad_input(arguments: list[str], faults: list[str], capsys: Capture) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    for each in faults:
        assert each in told.err


@pytest.mark.usefixtures("place")
def test_without_a_day_it_is_today(capsys: Capture) -> None:
    assert main(["check", "manifests", "--engine", "npm", "--format", "json"]) == 0
    assert printed(capsys)["asOf"] >= "2026-01-01"
