"""Syntax of names, labels and ports, as the API server checks it.

Rules: kubernetes/apimachinery pkg/util/validation and pkg/api/validation. Each function returns
what is wrong, or an empty text.
"""

from __future__ import annotations

import re
from functools import lru_cache

PROTOCOLS = ("TCP", "UDP", "SCTP")

#: The same labels and namespaces come again and again; what is remembered is short.
_REMEMBERED = 1 << 14

_DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(
    r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*"
)
_QUALIFIED = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_PORT_NAME = re.compile(r"[-a-z0-9]+")


def dns_label_fault(name: str) -> str:
    """Names of namespaces and of service ports."""
    return _dns_label_fault(name) if len(name) <= 63 else "must be no more than 63 characters"


@lru_cache(_REMEMBERED)
def _dns_label_fault(name: str) -> str:
    if _DNS_LABEL.fullmatch(name) is None:
        return (
            "must consist of lower case letters, digits and '-', and start and end with a "
            "letter or digit"
        )
    return ""


def dns_subdomain_fault(name: str) -> str:
    """Names of most objects."""
    if len(name) > 253:
        return "must be no more than 253 characters"
    if _DNS_SUBDOMAIN.fullmatch(name) is None:
        return (
            "must consist of lower case letters, digits, '-' and '.', and each part between dots "
            "must start and end with a letter or digit"
        )
    return ""


def label_key_fault(key: str) -> str:
    """Keys of labels and annotations: a name of 63 characters, perhaps after a DNS prefix."""
    return _label_key_fault(key) if len(key) <= 317 else "must be no more than 317 characters"


@lru_cache(_REMEMBERED)
def _label_key_fault(key: str) -> str:
    prefix, slash, name = key.rpartition("/")
    if slash and not prefix:
        return "must not have an empty prefix"
    if slash and (wrong := dns_subdomain_fault(prefix)):
        return f"prefix {wrong}"
    if not name:
        return "must not have an empty name"
    if len(name) > 63:
        return "name must be no more than 63 characters"
    if _QUALIFIED.fullmatch(name) is None:
        return (
            "name must consist of letters, digits, '-', '_' and '.', and start and end with a "
            "letter or digit"
        )
    return ""


def label_value_fault(value: str) -> str:
    """Values of labels; the empty one is fine."""
    return _label_value_fault(value) if len(value) <= 63 else "must be no more than 63 characters"


@lru_cache(_REMEMBERED)
def _label_value_fault(value: str) -> str:
    if value and _QUALIFIED.fullmatch(value) is None:
        return (
            "must be empty, or consist of letters, digits, '-', '_' and '.' and start and end with "
            "a letter or digit"
        )
    return ""


def port_name_fault(name: str) -> str:
    """Named ports: IANA service names (RFC 6335)."""
    if len(name) > 15:
        return "must be no more than 15 characters"
    if _PORT_NAME.fullmatch(name) is None:
        return "must consist of lower case letters, digits and '-'"
    if not any(each.isalpha() for each in name):
        return "must contain at least one letter"
    if "--" in name:
        return "must not contain consecutive hyphens"
    if name.startswith("-") or name.endswith("-"):
        return "must not begin or end with a hyphen"
    return ""


def port_number_fault(number: int) -> str:
    """Port numbers."""
    return "" if 1 <= number <= 65535 else "must be between 1 and 65535"


def protocol_fault(protocol: str) -> str:
    """Protocols of ports; letter case matters."""
    return "" if protocol in PROTOCOLS else "must be one of TCP, UDP, SCTP"
