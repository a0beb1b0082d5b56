"""Kinds that no API server has, told from those that merely are not modelled.

An object of a kind that Kubernetes does not know never gets into a cluster (`no matches for
kind`), so what it says must not be left out of an answer without a word. Kinds of other groups may
be custom resources of any name, and are nobody's mistake.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from service.manifests import admin_policy, calico, cilium, network_policy
from service.manifests.inventory_kinds import INVENTORY_KINDS

LIST = "List"
#: Groups whose kinds are all known, for they are Kubernetes' own. `extensions` is none of them:
#: it had many kinds that have moved since.
_BUILT_IN = frozenset(
    {
        *("", "apps", "batch", "autoscaling", "policy"),
        *("networking.k8s.io", "discovery.k8s.io"),
        *("rbac.authorization.k8s.io", "storage.k8s.io"),
    }
)
_POLICY_KINDS = (
    (network_policy.API_VERSION, network_policy.KIND),
    *sorted(admin_policy.KINDS | calico.KINDS | cilium.KINDS),
)
#: Shorter names are too near to others for one letter to tell what was meant.
_SHORTEST_WITH_SLIP = 7
#: No kind is as long, and comparing takes its time.
_LONGEST = 100
_NO_LETTER = re.compile(r"[^a-z0-9]")


class Misnamed(NamedTuple):
    """What is wrong with the identity of an object, and where."""

    pointer: str
    detail: str


def _modelled() -> tuple[Mapping[str, frozenset[str]], Mapping[str, tuple[str, ...]]]:
    """The modelled kinds of each group, and the versions of APIs that have each of them."""
    kinds: dict[str, set[str]] = defaultdict(set)
    homes: dict[str, list[str]] = defaultdict(list)
    inventory = ((*identity, found.is_served) for identity, found in INVENTORY_KINDS.items())
    policies = ((*identity, True) for identity in _POLICY_KINDS)
    for api_version, kind, is_served in (*inventory, *policies):
        kinds[_group(api_version)].add(kind)
        if is_served:
            homes[kind].append(api_version)
    return (
        {group: frozenset(found) for group, found in kinds.items()},
        {kind: tuple(found) for kind, found in homes.items()},
    )


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _folded(kind: str) -> str:
    """A kind without what people get wrong first: capitals, and signs between words."""
    return _NO_LETTER.sub("", kind.casefold())


def _spellings(kinds: Iterable[str]) -> dict[str, str]:
    """What kinds, their plurals and their lists look like when folded."""
    found: dict[str, str] = {}
    for kind in kinds:
        name = _folded(kind)
        plurals = (f"{name}s", f"{name.removesuffix('y')}ies")
        found |= dict.fromkeys((name, *plurals), kind)
        found[f"{name}list"] = f"{kind}{LIST}"
    return found


_MODELLED, _HOMES = _modelled()
_SPELLINGS = {group: _spellings(kinds) for group, kinds in _MODELLED.items()}
# A list of anything is of the core group.
_SPELLINGS[""][LIST.casefold()] = LIST
_EVERYWHERE = _spellings(_HOMES)


@lru_cache(maxsize=1024)
def misnamed(api_version: str, kind: str) -> Misnamed | None:
    """Why no API server has such a kind; None where one may have it."""
    group = _group(api_version)
    if _is_right(group, kind) or len(kind) > _LONGEST:
        return None
    meant = _meant_in(group, kind)
    if meant is not None:
        return Misnamed("/kind", f"{api_version} has no kind {kind!r}; {meant} is meant")
    meant = _EVERYWHERE.get(_folded(kind))
    if meant is None or group not in _BUILT_IN:
        return None
    homes = " or ".join(_HOMES[meant.removesuffix(LIST)])
    detail = f"{api_version} has no kind {kind!r}; {meant} is a kind of {homes}"
    return Misnamed("/apiVersion" if kind == meant else "/kind", detail)


def is_list_kind(api_version: str, kind: str) -> bool:
    """Whether objects of a kind are lists of objects, and so need items."""
    return kind.endswith(LIST) and _is_right(_group(api_version), kind)


def _is_right(group: str, kind: str) -> bool:
    """Whether a kind is modelled in a group, or a list there."""
    if kind == LIST:
        return group in _MODELLED or group in _BUILT_IN
    return not _MODELLED.get(group, frozenset()).isdisjoint({kind, kind.removesuffix(LIST)})


def _meant_in(group: str, kind: str) -> str | None:
    """The modelled kind of a group that somebody had in mind."""
    spellings, written = _SPELLINGS.get(group, {}), _folded(kind)
    if written in spellings:
        return spellings[written]
    if group not in _BUILT_IN:
        return None
    near = (meant for each, meant in spellings.items() if _is_slip(written, each))
    return next(near, None)


def _is_slip(written: str, meant: str) -> bool:
    """Whether a letter is too many, missing or another one, or two have changed places."""
    if len(meant) < _SHORTEST_WITH_SLIP or abs(len(written) - len(meant)) > 1:
        return False
    pairs = enumerate(zip(written, meant, strict=False))
    at = next((at for at, (one, other) in pairs if one != other), min(len(written), len(meant)))
    rest, right = written[at:], meant[at:]
    return (
        rest[1:] in {right, right[1:]}
        or rest == right[1:]
        or (rest[:2] == right[1::-1] and rest[2:] == right[2:])
    )
