"""Patterns of domain names, as the two policy APIs that have them read them.

They look alike and differ: Cilium's `*.example.com` stands for exactly one label before the
dot, that of ClusterNetworkPolicy for one or more.
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


def matches_domain_name(domain: str, name: str) -> bool:
    """Whether an element of `domainNames` means a name; `*.` stands for one or more labels."""
    wanted, asked = _plain(domain), _plain(name)
    if not wanted.startswith("*."):
        return wanted == asked
    return asked.endswith(wanted[1:]) and len(asked) >= len(wanted)


def _plain(name: str) -> str:
    return name.lower().removesuffix(".")
