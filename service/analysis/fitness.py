"""Whether an engine suits a revision, judged from the answers of the rules about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from service.analysis.rulebook.answers import Outcome
from service.analysis.rulebook.book import Answer
from service.model.finding import Severity


class Fitness(StrEnum):
    """Whether an engine does what the policies of a revision ask of it."""

    COMPATIBLE = "Compatible"
    """Every rule was answered, and none of them found anything worth acting on."""
    COMPATIBLE_WITH_FINDINGS = "CompatibleWithFindings"
    """Nothing forbids the engine, and something has to be known about it."""
    INCOMPATIBLE = "Incompatible"
    """AKS or the engine refuses the cluster or its policies as they are."""
    UNKNOWN = "Unknown"
    """The input does not tell whether something forbids the engine."""


@dataclass(frozen=True, slots=True)
class FitnessJudgement:
    """The verdict with its reasons."""

    fitness: Fitness
    reasons: tuple[str, ...]


def judge_fitness(found: Iterable[Answer]) -> FitnessJudgement:
    """What forbids the engine first, then what could, then what was found."""
    answers = tuple(found)
    blockers = tuple(dict.fromkeys(_blockers(answers)))
    if blockers:
        return FitnessJudgement(Fitness.INCOMPATIBLE, blockers)
    unanswered = [each for each in answers if each.missing]
    forbidding = [each for each in unanswered if each.rule.severity is Severity.BLOCKER]
    if forbidding:
        return FitnessJudgement(Fitness.UNKNOWN, tuple(map(_open_question, forbidding)))
    notable = tuple(map(_counted, filter(_is_notable, answers)))
    if notable:
        return FitnessJudgement(Fitness.COMPATIBLE_WITH_FINDINGS, notable)
    if unanswered:
        return FitnessJudgement(Fitness.UNKNOWN, tuple(map(_open_question, unanswered)))
    return FitnessJudgement(Fitness.COMPATIBLE, ("every rule about the engine is clear",))


def _blockers(answers: Iterable[Answer]) -> Iterator[str]:
    for each in answers:
        for sighting in each.sightings:
            if sighting.severity is Severity.BLOCKER:
                yield f"{each.rule.id}: {sighting.detail}"


def _is_notable(answer: Answer) -> bool:
    return answer.outcome is Outcome.HIT and answer.severity is not Severity.INFO


def _open_question(answer: Answer) -> str:
    wanted = "; ".join(each.detail for each in answer.missing)
    return f"{answer.rule.id}: {answer.rule.title}? Not told: {wanted}"


def _counted(answer: Answer) -> str:
    count = len(answer.sightings)
    findings = "1 finding" if count == 1 else f"{count} findings"
    return f"{answer.rule.id}: {answer.rule.title} ({findings}, {answer.severity.value})"
