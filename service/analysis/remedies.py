"""Remedies that can be applied: patches of policies now, Cilium's own policies after the move.

A patch is a list of JSON patch operations on the uploaded document, a manifest a whole object.
Where nothing can be generated the rule's own words are the remedy.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator

from service.analysis import remedies_after, remedies_before
from service.analysis.paths.commands import Command, with_input
from service.analysis.remedy import JsonObject, Remedy, When
from service.analysis.rulebook.book import Answer
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.traits import has_trait
from service.model.policy import PolicyRef


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


def patch_commands(found: Iterable[Remedy]) -> tuple[Command, ...]:
    """Commands that patch policies before the move, at most two for each policy.

    What a patch opens besides what is lost is for the user to decide, so it is a command of its
    own and conditional.
    """
    patches: dict[tuple[PolicyRef, bool], list[Remedy]] = {}
    for each in found:
        if each.policy is not None and each.patch and each.when is When.BEFORE:
            patches.setdefault((each.policy, each.is_exact), []).append(each)
    return tuple(
        _patch_command(policy, remedies, is_exact)
        for (policy, is_exact), remedies in sorted(patches.items(), key=lambda item: item[0])
    )


def _patch_command(policy: PolicyRef, found: list[Remedy], is_exact: bool) -> Command:
    operations = list(_operations(found))
    text = json.dumps(operations, separators=(",", ":"), ensure_ascii=False)
    words = ("kubectl", "patch", "networkpolicies.networking.k8s.io", policy.name)
    options = ("--namespace", policy.namespace, "--type", "json", "--patch", text)
    purpose = "; ".join(dict.fromkeys(each.detail for each in found))
    if not is_exact:
        purpose = f"if you accept that it opens more than is lost: {purpose}"
    return Command(shlex.join((*words, *options)), purpose, conditional=not is_exact)


def _operations(found: Iterable[Remedy]) -> Iterator[JsonObject]:
    """The operations of some patches one after the other: a list is made once and then added to."""
    made: set[str] = set()
    for operation in (each for remedy in found for each in remedy.patch):
        path, value = operation["path"], operation.get("value")
        if operation["op"] == "add" and isinstance(value, list) and path in made:
            yield from ({"op": "add", "path": f"{path}/-", "value": each} for each in value)
        else:
            made.add(path)
            yield operation
