"""openapi.yaml is what the code makes, and good enough to generate clients from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml

from service.cli import main
from tests.contract.conftest import OPENAPI

METHODS = {"get", "put", "post", "patch", "delete"}
VERB_NOUN = re.compile(r"(get|list|create|replace|update|delete|import|compare)[A-Z][A-Za-z]+")


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in described["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def walk(value: Any, path: str = "#") -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from walk(each, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from walk(each, f"{path}/{index}")


def test_the_committed_file_is_what_the_code_makes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["openapi", "--check", str(OPENAPI)])
    assert status == 0, f"run `make openapi`\n{capsys.readouterr().err}"


def test_the_file_says_what_the_service_says(described: dict[str, Any]) -> None:
    assert yaml.safe_load(OPENAPI.read_text(encoding="utf-8")) == described


def test_operations_are_named_and_explained(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(set(names)) == len(names)
    assert [name for name in names if not VERB_NOUN.fullmatch(name)] == []
    tags = {tag["name"] for tag in described["tags"]}
    for _, _, operation in operations(described):
        assert len(operation["tags"]) == 1
        assert operation["tags"][0] in tags
        assert operation["summary"].endswith(".")


def test_every_operation_documents_its_refusals(described: dict[str, Any]) -> None:
    for path, _, operation in operations(described):
        answers = operation["responses"]
        assert answers["default"] == {"$ref": "#/components/responses/Problem"}
        assert any(status.startswith("4") for status in answers), path
        if "{" in path:
            assert "404" in answers or operation["operationId"] == "replaceCluster"
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= answers.keys()


def test_references_lead_somewhere(described: dict[str, Any]) -> None:
    places = dict(walk(described))
    missing = [
        value for path, value in places.items() if path.endswith("/$ref") and value not in places
    ]
    assert missing == []


def test_nothing_is_described_twice(described: dict[str, Any]) -> None:
    """Generators make a class of each object and of each set of texts, named by its component."""
    components = re.compile(r"#/components/schemas/\w+")
    for path, value in walk(described):
        if not isinstance(value, dict) or "/examples/" in path or "/example/" in path:
            continue
        if "properties" in value and value.get("type") == "object":
            assert components.fullmatch(path), path
        if "enum" in value:
            assert components.fullmatch(path), path
    assert [name for name in described["components"]["schemas"] if name[-1].isdigit()] == []


def test_requests_are_closed_and_answers_open(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    closed = {name for name, each in schemas.items() if each.get("additionalProperties") is False}
    assert closed == {
        "ClusterCreate",
        "ClusterReplace",
        "CompatibilityReportCreate",
        "EvaluationCreate",
        "MigrationReportCreate",
    }


def test_answers_never_have_one_of_several_forms(described: dict[str, Any]) -> None:
    for path, value in walk(described):
        assert not path.endswith("/oneOf"), path
        if path.endswith("/anyOf") and not path.startswith("#/components/schemas/EngineSelection"):
            forms = [each for each in value if each != {"type": "null"}]
            assert len(forms) == 1 or path == "#/components/schemas/Flow/properties/port/anyOf", (
                path
            )


def test_examples_are_what_they_are_examples_of(described: dict[str, Any]) -> None:
    components = {"components": described["components"]}
    checked = 0
    for path, value in walk(described):
        if not isinstance(value, dict) or path.count("/examples/") or path.count("/example/"):
            continue
        examples = value.get("examples", [])
        schema = value
        if "example" in value and "schema" in value:
            examples, schema = [value["example"]], value["schema"]
        if not isinstance(examples, list) or path.endswith(("/properties", "/schemas")):
            continue
        for example in examples:
            validator = jsonschema_rs.Draft202012Validator({**schema, **components})
            assert validator.is_valid(example), (path, example)
            checked += 1
    assert checked > 150


def test_links_lead_to_operations(described: dict[str, Any]) -> None:
    names = {operation["operationId"] for _, _, operation in operations(described)}
    found = [
        (operation["operationId"], link["operationId"])
        for _, _, operation in operations(described)
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert {target for _, target in found} <= names
    assert ("createCluster", "getCluster") in found
    assert ("createRevision", "getRevision") in found
    assert ("createEvaluation", "getEvaluation") in found
    assert ("createCompatibilityReport", "getCompatibilityReport") in found
    assert ("createMigrationReport", "getMigrationReport") in found
    assert ("createMigrationReport", "listImpacts") in found


def test_no_outside_address(described: dict[str, Any]) -> None:
    assert "http://" not in OPENAPI.read_text()
    assert "https://" not in OPENAPI.read_text()
    assert described["servers"] == [{"url": "/"}]
    assert described["info"]["license"]["identifier"] == "Apache-2.0"
