"""Steps with their commands, made from the templates of `service/knowledge/steps.json`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service.analysis.paths.commands import Command, Names, names_used, render
from service.analysis.paths.plan import ClusterState, Enforcement, Floors, Step, StepKind
from service.knowledge import value
from service.model.cluster import ClusterRecord, Ipam

EVERY = "*"


def names_of(cluster: ClusterRecord, cluster_name: str | None = None, **more: str | None) -> Names:
    """What commands can be filled with: names from the record, and whatever is given.

    `cluster_name` counts where the record does not name the Azure resource.
    """
    resource_id = cluster.azure_resource_id or ""
    found = {
        "resourceGroup": cluster.resource_group,
        "cluster": resource_id.rpartition("/")[2] or cluster_name,
        "location": cluster.location,
        **more,
    }
    return Names({name: text for name, text in found.items() if text})


def floors_of(operation: str) -> Floors:
    """The documented floors of an operation."""
    for each in value("floors", "operations"):
        if each["operation"] == operation:
            return Floors(
                each.get("azureCli"),
                each.get("kubernetes"),
                each.get("restApi"),
                each.get("aksPreview"),
            )
    raise KeyError(operation)


def operation_of(template: Mapping[str, Any], ipam: Ipam | None) -> str | None:
    """The operation that a step is, which may depend on where pods get their addresses."""
    operations = template.get("operation", {})
    found = operations.get(ipam.value if ipam else EVERY, operations.get(EVERY))
    return str(found) if found else None


def step_of(
    template: Mapping[str, Any],
    names: Names,
    *,
    before: ClusterState | None = None,
    after: ClusterState | None = None,
    lists: Mapping[str, Iterable[str]] | None = None,
    more: Iterable[Command] = (),
) -> Step:
    """A step from its template; `lists` fill commands that are repeated for each value."""
    operation = operation_of(template, before.ipam if before else None)
    return Step(
        id=template["id"],
        kind=StepKind(template["kind"]),
        title=template["title"],
        detail=template["detail"],
        commands=(*_commands(template.get("commands", ()), names, lists or {}), *more),
        verify=tuple(render(each, names) for each in template.get("verify", ())),
        floors=floors_of(operation) if operation else Floors(),
        reimages=template.get("reimages", 0),
        irreversible=template.get("irreversible", False),
        disruption=template.get("disruption", ""),
        enforcement=Enforcement(template.get("enforcement", "Kept")),
        optional=template.get("optional", False),
        unverified=template.get("unverified", False),
        blocks=template.get("blocks", False),
        conflicts=tuple(template.get("conflicts", ())),
        source=template["source"],
        as_of=template["asOf"],
        confidence=template["confidence"],
        before=before,
        after=after,
    )


def _commands(
    templates: Iterable[Mapping[str, Any]], names: Names, lists: Mapping[str, Iterable[str]]
) -> Iterator[Command]:
    for template in templates:
        words = list(template["run"])
        optional = template.get("optional", ())
        if optional and all(names[name] for name in names_used([{"run": optional}])):
            words += optional
        if "forEach" not in template:
            yield render({**template, "run": words}, names)
            continue
        listed = template["forEach"]
        for each in lists.get(listed, ()):
            yield render({**template, "run": words}, Names({**names.values, listed: each}))


def placeholders(template: Mapping[str, Any]) -> tuple[str, ...]:
    """The values that a step's commands cannot do without."""
    listed = {each["forEach"] for each in template.get("commands", ()) if "forEach" in each}
    used = names_used((*template.get("commands", ()), *template.get("verify", ())))
    return tuple(each for each in used if each not in listed)
