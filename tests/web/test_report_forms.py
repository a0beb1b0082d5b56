"""Reports as people and pipelines read them: Markdown, SARIF, JUnit and a shell script."""

from __future__ import annotations

import json
import subprocess
from xml.etree import ElementTree

import pytest

from tests.web.conftest import Api
from tests.web.report_story import compatibility, migration, settings, shop

__all__ = ["settings", "shop"]

MARKDOWN = "text/markdown"
SARIF = "application/sarif+json"
JUNIT = "application/junit+xml"
SHELL = "text/x-shellscript"


@pytest.fixture
def paths(shop: Api) -> dict[str, str]:
    """A report of each kind on the revision that is blocked."""
    fit, move = compatibility(shop, 1, engine="cilium"), migration(shop, 1)
    return {
        "compatibility": f"/v1/compatibility-reports/{fit['id']}",
        "migration": f"/v1/migration-reports/{move['id']}",
    }


def read(api: Api, path: str, accept: str) -> str:
    answer = api("GET", path, headers={"Accept": accept})
    assert answer.mimetype == accept
    assert answer.headers["Vary"] == "Accept"
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("kind", ["compatibility", "migration"])
def test_markdown_for_people(shop: Api, paths: dict[str, str], kind: str) -> None:
    text = read(shop, paths[kind], MARKDOWN)
    assert text.startswith("# ")
    assert "ENG-004" in text
    assert "akswin-1" in text
    assert "shop" in text


@pytest.mark.parametrize("kind", ["compatibility", "migration"])
def test_sarif_for_code_scanning(shop: Api, paths: dict[str, str], kind: str) -> None:
    log = json.loads(read(shop, paths[kind], SARIF))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    found = shop.get(f"{paths[kind]}/findings")["items"]
    # After the findings come open questions, and what changes.
    told = [each["ruleId"] for each in run["results"]][: len(found)]
    assert told == [each["rule"] for each in found]
    known = {each["id"] for each in run["tool"]["driver"]["rules"]}
    assert {each["ruleId"] for each in run["results"]} <= known
    blocked = [each for each in run["results"] if each["ruleId"] == "ENG-004"]
    assert [(each["kind"], each["level"]) for each in blocked] == [("fail", "error")]


@pytest.mark.parametrize("accept", [JUNIT, "application/xml"])
@pytest.mark.parametrize("kind", ["compatibility", "migration"])
def test_junit_for_pipelines(shop: Api, paths: dict[str, str], kind: str, accept: str) -> None:
    suites = ElementTree.fromstring(read(shop, paths[kind], accept))
    cases = suites.findall(".//testcase")
    report = shop.get(paths[kind])
    assert {each["rule"] for each in report["rules"]} <= {
        (case.get("name") or "").split(" ")[0].rstrip(":") for case in cases
    }
    failed = [case for case in cases if case.find("failure") is not None]
    assert any("ENG-004" in (case.get("name") or "") for case in failed)


def test_the_commands_as_a_script(shop: Api, paths: dict[str, str]) -> None:
    text = read(shop, f"/v1/migration-reports/{migration(shop, 3)['id']}", SHELL)
    assert text.startswith("#!")
    assert "--network-dataplane cilium" in text
    checked = subprocess.run(
        ["bash", "-n"], input=text, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/*", MARKDOWN),
        (f"{SARIF}, application/json;q=0.5", SARIF),
        (f"{SARIF};q=0.1, application/json;q=0.5", "application/json"),
    ],
)
def test_what_accept_prefers(shop: Api, paths: dict[str, str], accept: str, chosen: str) -> None:
    assert shop("GET", paths["migration"], headers={"Accept": accept}).mimetype == chosen


def test_what_is_not_offered(shop: Api, paths: dict[str, str]) -> None:
    shop.problem("GET", paths["migration"], 406, headers={"Accept": "image/png"})
    # There is nothing to run in a compatibility report.
    found = shop.problem("GET", paths["compatibility"], 406, headers={"Accept": SHELL})
    assert MARKDOWN in found["detail"]


def test_each_form_has_a_version_of_its_own(shop: Api, paths: dict[str, str]) -> None:
    tags: dict[str, str] = {}
    for accept in ("application/json", MARKDOWN, SARIF, JUNIT, SHELL):
        answer = shop("GET", paths["migration"], headers={"Accept": accept})
        tags[accept] = answer.headers["ETag"]
        immutable = "immutable" in answer.headers["Cache-Control"]
        # The words of the others may be better ones in a later version of the service.
        assert immutable == (accept == "application/json")
    assert len(set(tags.values())) == 5
    for accept, tag in tags.items():
        headers = {"Accept": accept, "If-None-Match": tag}
        shop("GET", paths["migration"], 304, headers=headers)
    headers = {"Accept": MARKDOWN, "If-None-Match": tags[SARIF]}
    shop("GET", paths["migration"], 200, headers=headers)
