"""Names and patterns of domain names, as Cilium reads them (pkg/fqdn/matchpattern).

Those of ClusterNetworkPolicy look alike and differ: there `*.` stands for one or more labels.
"""

from __future__ import annotations

import re


def matches_cilium_pattern(pattern: str, name: str, *, many_labels: bool) -> bool:
    """Whether Cilium's `matchPattern` means a name.

    `*` stays within one label, a lone `*` is every name, and a leading `**.` stands for one or
    more labels where `many_labels` (Cilium 1.19 and later); before that it is two `*`.
    """
    wanted, asked = _plain(pattern), _plain(name)
    if wanted == "*":
        return True
    prefix = ""
    if many_labels and wanted.startswith("**."):
        prefix, wanted = r"(?:[-a-z0-9_]+\.)+", wanted[3:]
    parts = (re.escape(each) for each in wanted.split("*"))
    return re.fullmatch(prefix + "[-a-z0-9_]*".join(parts), asked) is not None


def matches_cilium_name(match_name: str, name: str) -> bool:
    """Whether Cilium's `matchName` means a name: the same one, whatever the letter case."""
    return _plain(match_name) == _plain(name)


def _plain(name: str) -> str:
    return name.lower().removesuffix(".")
