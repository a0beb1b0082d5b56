"""Remedies that can be applied: patches of policies now, Cilium's own policies after the move.

A patch is a list of JSON patch operations on the uploaded document, a manifest a whole object.
Where nothing can be generated the rule's own words are the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable

from service.analysis import remedies_after, remedies_before
from service.analysis.paths.commands import Command, with_input
from service.analysis.remedy import Remedy, When
from service.analysis.rulebook.book import Answer
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.traits import has_trait


def remedies(asked: RuleInput, answers: Iterable[Answer]) -> tuple[Remedy, ...]:
    """The remedies for some answers of MIG rules, each object once.

    Objects for afterwards are of Cilium's kinds, so they are made only for an engine that has
    no other way to speak of nodes.
    """
    found: dict[str, Remedy] = {}
    needs_own_kinds = not has_trait(asked.profile, "blocksMatchNodes")
    for answer in answers:
        if not answer.sightings:
            continue
        makers = [remedies_before.MAKERS.get(answer.rule.id)]
        if needs_own_kinds:
            makers.append(remedies_after.MAKERS.get(answer.rule.id))
        for maker in makers:
            for each in maker(asked, answer) if maker else ():
                found.setdefault(repr((each.policy, each.patch, each.manifest)), each)
    return tuple(found.values())


def apply_commands(found: Iterable[Remedy]) -> tuple[Command, ...]:
    """One command that applies all manifests for afterwards; none where there is no manifest."""
    texts = [
        f"# {' '.join(each.detail.split())}\n{each.text}"
        for each in found
        if each.manifest is not None and each.when is When.AFTER
    ]
    if not texts:
        return ()
    text = with_input("kubectl apply --filename -", "---\n".join(texts))
    return (Command(text, f"{len(texts)} objects, each with what it is for"),)
