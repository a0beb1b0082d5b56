"""Checks what is inside Cilium's rules of layer 7.

What such a rule lets through is an assumption in every verdict, so nothing of it is kept. But a
policy with a rule that the agent cannot read is refused whole.
Source: cilium/cilium pkg/policy/api/{http,kafka,l7}.go.
"""

from __future__ import annotations

import re

from service.manifests.calico_fields import Members
from service.manifests.cilium_notes import AgentNotes

LONGEST_TOPIC = 255
_MISMATCHES = ("LOG", "ADD", "DELETE", "REPLACE")
_ROLES = ("produce", "consume")
_API_VERSION = re.compile(r"[0-9]{1,5}")
#: What Python's expressions have and Go's have not.
_NOT_IN_GO = re.compile(r"\(\?(?:=|!|<=|<!|>|\()|\\[1-9]")
#: What Go's expressions have and Python's have not, or read otherwise.
_ONLY_IN_GO = re.compile(r"\\[pPQEzCx]|\[\[|--|&&|\|\||~~|\(\?[a-zA-Z-]|\(\?<[^=!]")
_WRONG_IN_BOTH = (
    *("unterminated", "unbalanced parenthesis", "nothing to repeat", "multiple repeat"),
    *("missing )", "bad character range", "bad escape (end of pattern)"),
)


def check_http(members: Members, agent: AgentNotes) -> None:
    """An element of `http`."""
    members.only("path", "method", "host", "headers", "headerMatches")
    for key in ("path", "method", "host"):
        wrong = _expression_fault(members.text(key))
        # The host is left to the proxy.
        if wrong and key != "host":
            agent.invalid(f"{key} is no regular expression: {wrong}", members.at(key))
    members.texts("headers")
    for each in members.members("headerMatches"):
        each.only("name", "mismatch", "secret", "value")
        if not each.text("name"):
            each.wrong("name", "RequiredField", "a header needs its name")
        each.choice("mismatch", _MISMATCHES)
        each.text("value")
        _check_secret(each)


def check_kafka(members: Members, agent: AgentNotes) -> None:
    """An element of `kafka`."""
    members.only("role", "apiKey", "apiVersion", "clientID", "topic")
    members.choice("role", _ROLES)
    version, topic = members.text("apiVersion"), members.text("topic")
    members.text("clientID")
    if members.text("apiKey") and members.text("role"):
        agent.invalid("role and apiKey cannot be in one rule", members.pointer)
    if version and _API_VERSION.fullmatch(version) is None:
        agent.invalid(f"{version!r} is no version of Kafka's API", members.at("apiVersion"))
    if len(topic) > LONGEST_TOPIC:
        members.wrong("topic", "TooLong", f"topic must have at most {LONGEST_TOPIC} characters")


def check_tls(members: Members) -> None:
    """`terminatingTLS` and `originatingTLS`, which refine the rules beside them."""
    for key in ("terminatingTLS", "originatingTLS"):
        context = members.member(key)
        if context is not None:
            context.only("secret", "trustedCA", "certificate", "privateKey")
            if "secret" not in context:
                context.wrong("secret", "RequiredField", "TLS needs a secret")
            _check_secret(context)


def check_listener(members: Members) -> None:
    """`listener`: where connections are redirected to."""
    listener = members.member("listener")
    if listener is None:
        return
    listener.only("envoyConfig", "name", "priority")
    if not listener.text("name"):
        listener.wrong("name", "RequiredField", "a listener needs its name")
    listener.number("priority")
    config = listener.member("envoyConfig")
    if config is None:
        if "envoyConfig" not in listener:
            listener.wrong("envoyConfig", "RequiredField", "a listener needs its envoyConfig")
        return
    config.only("kind", "name")
    config.choice("kind", ("CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig"))
    if not config.text("name"):
        config.wrong("name", "RequiredField", "an envoyConfig needs its name")


def _check_secret(members: Members) -> None:
    secret = members.member("secret")
    if secret is not None:
        secret.only("name", "namespace")
        secret.text("namespace")
        if not secret.text("name"):
            secret.wrong("name", "RequiredField", "a secret needs its name")


def _expression_fault(text: str) -> str:
    """Why Go does not read an expression; empty where it does, or where that is not certain."""
    if _NOT_IN_GO.search(text):
        return "the agent's expressions look neither ahead nor back"
    if _ONLY_IN_GO.search(text):
        return ""
    try:
        re.compile(text)
    except re.error as error:
        return error.msg if error.msg.startswith(_WRONG_IN_BOTH) else ""
    except (OverflowError, RecursionError):
        return ""
    return ""
