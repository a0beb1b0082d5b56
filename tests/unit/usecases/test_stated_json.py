"""Stated facts: what is told, what is told to be none, and what is not told."""

from __future__ import annotations

from typing import Any

import pytest

from service.analysis.stated import (
    DisruptionBudget,
    HostPort,
    StatedFacts,
    WebhookBackend,
)
from service.usecases.errors import FieldError
from service.usecases.stated_json import LONGEST_OUTPUT, facts_document, read_facts


@pytest.mark.parametrize(
    ("document", "stated"),
    [
        ({}, StatedFacts()),
        ({"terraform": False}, StatedFacts(terraform=False)),
        ({"hostPorts": []}, StatedFacts(host_ports=())),
        ({"azureCli": "2.80.0"}, StatedFacts(azure_cli="2.80.0")),
        ({"nodeCidrs": ["10.0.0.0/8"]}, StatedFacts(node_cidrs=("10.0.0.0/8",))),
        (
            {"disruptionBudgets": [{"namespace": "a", "name": "b", "disruptionsAllowed": 0}]},
            StatedFacts(disruption_budgets=(DisruptionBudget("a", "b", 0),)),
        ),
        (
            {"hostPorts": [{"namespace": "a", "pod": "b", "port": 53, "protocol": "UDP"}]},
            StatedFacts(host_ports=(HostPort("a", "b", 53, "UDP"),)),
        ),
        (
            {
                "webhooks": [
                    {"kind": "K", "name": "n", "namespace": "a", "service": "s", "port": 9443}
                ]
            },
            StatedFacts(webhooks=(WebhookBackend("K", "n", "a", "s", 9443),)),
        ),
        ({"validatorOutput": "x" * 5000}, StatedFacts(validator_output="x" * 5000)),
    ],
)
def test_there_and_back(document: dict[str, Any], stated: StatedFacts) -> None:
    faults: list[FieldError] = []
    assert read_facts(document, "", faults) == stated
    assert faults == []
    assert facts_document(stated) == document


def test_null_is_not_told() -> None:
    assert read_facts({"hostPorts": None, "terraform": None}, "", []) == StatedFacts()


def test_defaults_are_filled_in() -> None:
    stated = read_facts({"hostPorts": [{"namespace": "a", "pod": "b", "port": 53}]}, "", [])
    assert stated == StatedFacts(host_ports=(HostPort("a", "b", 53, "TCP"),))


def test_only_the_output_of_the_validator_may_be_long() -> None:
    faults: list[FieldError] = []
    long = "x" * (LONGEST_OUTPUT + 1)
    assert read_facts({"validatorOutput": long, "npmImage": long}, "/facts", faults) is None
    assert {each.pointer for each in faults} == {"/facts/validatorOutput", "/facts/npmImage"}
