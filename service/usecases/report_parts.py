"""Parts that both kinds of report have, as JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.analysis.remedy import Remedy
from service.analysis.reports import count_severities
from service.analysis.rulebook.answers import GRAVEST_FIRST, Affected, Missing, Sighting
from service.analysis.rulebook.book import Answer
from service.analysis.rulebook.rules import Rule
from service.model.engine import EngineProfile
from service.model.finding import Severity
from service.usecases.verdict_json import policy_body

Body = dict[str, Any]


def profile_body(profile: EngineProfile) -> Body:
    """An engine profile with its parts and as one text."""
    return {
        "name": profile.engine,
        "version": str(profile.version) if profile.version else None,
        "options": dict(sorted(profile.options.items())),
        "profile": str(profile),
    }


def missing_bodies(missing: Iterable[Missing]) -> list[Body]:
    """What the input does not tell."""
    return [{"what": each.what, "detail": each.detail} for each in missing]


def rule_head(rule: Rule, severity: Severity) -> Body:
    """How answers and findings name their rule."""
    return {
        "rule": rule.id,
        "name": rule.name,
        "area": rule.area.value,
        "severity": severity.value,
        "title": rule.title,
    }


def answer_body(answer: Answer) -> Body:
    """What one rule answers, its findings counted."""
    return {
        **rule_head(answer.rule, answer.severity),
        "outcome": answer.outcome.value,
        "findings": len(answer.sightings),
        "missing": missing_bodies(answer.missing),
    }


def finding_bodies(answers: Iterable[Answer]) -> tuple[Body, ...]:
    """Every sighting of some answers, the gravest first and else in their order."""
    found = [
        (GRAVEST_FIRST.index(sighting.severity or answer.rule.severity), answer.rule, sighting)
        for answer in answers
        for sighting in answer.sightings
    ]
    found.sort(key=lambda each: each[0])
    return tuple(_finding_body(rule, sighting) for _, rule, sighting in found)


def _finding_body(rule: Rule, sighting: Sighting) -> Body:
    body = {**rule_head(rule, sighting.severity or rule.severity), "detail": sighting.detail}
    if sighting.policy is not None:
        body["policy"] = policy_body(sighting.policy)
    if sighting.pointer:
        body["pointer"] = sighting.pointer
    return {
        **body,
        "endpoints": [affected_body(each) for each in sighting.endpoints],
        "values": shown_values(sighting.values),
        "remedy": sighting.remedy or rule.remedy,
        "settledBy": list(sighting.settled_by),
        "source": rule.source,
        "asOf": rule.as_of,
        "confidence": rule.confidence,
    }


def affected_body(affected: Affected) -> Body:
    """What a finding concerns; `namespace` is left out where it has none."""
    body = {"kind": affected.kind.value, "namespace": affected.namespace, "name": affected.name}
    if not affected.namespace:
        del body["namespace"]
    return body


def shown_values(values: Mapping[str, Any]) -> Body:
    """Evidence as JSON values."""
    return {name: list(each) if isinstance(each, tuple) else each for name, each in values.items()}


def severities_body(answers: Iterable[Answer]) -> Body:
    """How many findings there are of each severity."""
    counts = count_severities(tuple(answers))
    return {severity.value: count for severity, count in counts.items()}


def remedy_body(remedy: Remedy) -> Body:
    """A remedy: words, and a patch or an object where one can be made."""
    body: Body = {
        "rule": remedy.rule,
        "when": remedy.when.value,
        "detail": remedy.detail,
        "isExact": remedy.is_exact,
    }
    if remedy.policy is not None:
        body["policy"] = policy_body(remedy.policy)
    if remedy.patch:
        body["patch"] = list(remedy.patch)
    if remedy.manifest is not None:
        body["manifest"] = remedy.manifest
    return body
