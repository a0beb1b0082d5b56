"""Admin policies in few words, and the flows that they are asked about."""

from __future__ import annotations

MON = "ops/mon -> shop/db TCP/5432"
WEB = "shop/web -> shop/db TCP/5432"
OUT = "shop/db -> ext TCP/443"

ISOLATED = "ns: shop, spec: {podSelector: {}}"
OPEN_TO_ALL_PODS = "ns: shop, spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"


def admin(action: str, priority: int = 10) -> str:
    """A rule about every pod, in the Admin tier."""
    return (
        f"cnp2: {{tier: Admin, priority: {priority}, subject: {{namespaces: {{}}}}, "
        f"ingress: [{{action: {action}, from: [{{namespaces: {{}}}}]}}]}}"
    )


def baseline(action: str, priority: int = 10) -> str:
    return admin(action, priority).replace("Admin", "Baseline")


def egress(peer: str, action: str = "Deny", rest: str = "") -> str:
    """A rule of an AdminNetworkPolicy about the egress of every pod."""
    return (
        "anp: {priority: 10, subject: {namespaces: {}}, "
        f"egress: [{{action: {action}, to: [{peer}]{rest}}}]}}"
    )


def ingress(peer: str, action: str = "Deny", rest: str = "") -> str:
    return egress(peer, action, rest).replace("egress", "ingress").replace("to: [", "from: [")
