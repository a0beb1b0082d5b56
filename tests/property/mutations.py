"""Objects that are nearly right: valid ones with a few places changed.

What is drawn comes through `Choices`, so that Hypothesis and a coverage-guided fuzzer change
objects in the same way.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from tests.builders import Manifest

T = TypeVar("T")

#: Words of all these APIs, and values at the edges of what they take.
TOKENS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 4, 6, 53, 80, 254, 255, 256, 1000, 1001, 65535, 65536, 1 << 64),
    *(0.5, 1e308, "", " ", "0", "80", "080", "65536", "80:90", "90:80", "1:65535", "http", "HTTP"),
    *("TCP", "tcp", "UDP", "SCTP", "ICMP", "ICMPv6", "UDPLite", "ANY", "Ingress", "Egress"),
    *("Allow", "Deny", "Pass", "Log", "Accept", "Set", "Delete", "Admin", "Baseline", "default"),
    *("10.0.0.0/8", "10.0.0.1/8", "10.0.0.1", "010.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/8"),
    *("::ffff:10.0.0.0/104", "fe80::1%eth0", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "x/8"),
    *("all()", "global()", "has(a)", "!has(a)", "a == 'b'", "a in {'b'}", "a = 'b'", "((", "&&"),
    *("world", "cluster", "host", "all", "none", "kube-apiserver", "reserved:host", "k8s:a"),
    *("any:a", "$host", ":", "a:b:c", "a.io", "*.a.io", "**.a.io", "*", "a b", "(", "[a", "\\"),
    *("In", "NotIn", "Exists", "DoesNotExist", "required", "EchoRequest", "IPv4", "IPv6"),
    *("a", "b", "shop", "n1", "x", "Not A Name", "a" * 64, "a" * 254, "*/b", "a~b/c", "ü", "\n"),
    *("default.x", "knp.default.x", "kns.shop", "ksa.shop.front", "eth0", "k8s", "openstack"),
    *('{"name": "y"}', "{", "[]", '{"labels": 1}', "projectcalico.org/metadata"),
    *([], {}, [None], [[]], [{}], {"": None}),
)


_IDENTITY = ("apiVersion", "kind")


class Choices(Protocol):
    """Where the decisions come from."""

    def below(self, bound: int) -> int:
        """A number from 0 up to a bound, itself not among them."""
        ...


def chosen(choices: Choices, values: Sequence[T]) -> T:
    """One of some values."""
    return values[choices.below(len(values))]


def mutated(choices: Choices, seeds: Sequence[Manifest], most: int = 4) -> Manifest:
    """A valid object with some of its places changed."""
    found = copy.deepcopy(chosen(choices, seeds))
    for _ in range(choices.below(most + 1)):
        paths = [each for each in paths_of(found) if each[0] not in _IDENTITY]
        if not paths:
            break
        *steps, last = chosen(choices, paths)
        place: Any = found
        for step in steps:
            place = place[step]
        _CHANGES[choices.below(len(_CHANGES))](choices, place, last, seeds)
    return found


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a value."""
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for key, each in entries:
        yield (*path, key)
        yield from paths_of(each, (*path, key))


def _token(choices: Choices) -> Any:
    return copy.deepcopy(chosen(choices, TOKENS))


def _overwrite(choices: Choices, place: Any, last: Any, seeds: Sequence[Manifest]) -> None:
    place[last] = _token(choices)


def _remove(choices: Choices, place: Any, last: Any, seeds: Sequence[Manifest]) -> None:
    del place[last]


def _add(choices: Choices, place: Any, last: Any, seeds: Sequence[Manifest]) -> None:
    if isinstance(place, dict):
        place[str(_token(choices))] = _token(choices)
    else:
        place.append(_token(choices))


def _double(choices: Choices, place: Any, last: Any, seeds: Sequence[Manifest]) -> None:
    if isinstance(place, list):
        place.append(copy.deepcopy(place[last]))
    else:
        place[f"{last}2"] = copy.deepcopy(place[last])


def _graft(choices: Choices, place: Any, last: Any, seeds: Sequence[Manifest]) -> None:
    """Put a part of another object here."""
    other = chosen(choices, seeds)
    part: Any = other
    for step in chosen(choices, list(paths_of(other))):
        part = part[step]
    place[last] = copy.deepcopy(part)


def _rename(choices: Choices, place: Any, last: Any, seeds: Sequence[Manifest]) -> None:
    """Move a value to a key that another object has somewhere."""
    if isinstance(place, dict):
        paths = list(paths_of(chosen(choices, seeds)))
        keys = [each[-1] for each in paths if isinstance(each[-1], str)]
        # What an object is stays, so that it is its reader that is tried.
        other = chosen(choices, [each for each in keys if each not in _IDENTITY])
        place[other] = place.pop(last)


_CHANGES: tuple[Callable[[Choices, Any, Any, Sequence[Manifest]], None], ...] = (
    *(_overwrite, _remove, _add),
    *(_double, _graft, _rename),
)
