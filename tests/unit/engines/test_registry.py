"""Engine profiles: names, versions, and options, spelled and defaulted."""

from __future__ import annotations

import pytest

from service.engines.registry import ENGINE_ALIASES, compile_pipeline, engine_names, resolve_profile
from service.model.engine import EngineProfile, Version
from tests.builders import network_policy, snapshot


def test_engines_are_known_by_name() -> None:
    assert engine_names() == ("npm", "calico", "cilium", "none", "kubernetes")
    assert dict(ENGINE_ALIASES) == {"azure": "npm"}


@pytest.mark.parametrize(
    ("text", "version", "kubernetes", "expected"),
    [
        ("npm", None, None, "npm:1.8.12"),
        ("azure", None, None, "npm:1.8.12"),
        ("Calico", None, None, "calico:3.30"),
        ("calico:3.29.4", None, None, "calico:3.29.4"),
        ("calico", "v3.31", None, "calico:3.31"),
        ("cilium", None, None, "cilium:1.18"),
        ("cilium", None, "1.31.4", "cilium:1.16.16"),
        ("cilium", None, "v1.33", "cilium:1.17.9"),
        ("cilium", None, "1.36.0", "cilium:1.18.9"),
        ("cilium", None, "1.99", "cilium:1.18"),
        ("cilium:1.17", None, "1.31.4", "cilium:1.17"),
        ("cilium:1.17", "1.17", None, "cilium:1.17"),
        ("none", None, "1.31", "none"),
        ("kubernetes", None, "1.31", "kubernetes"),
    ],
)
def test_profile(text: str, version: str | None, kubernetes: str | None, expected: str) -> None:
    found = resolve_profile(text, version, kubernetes_version=kubernetes)
    assert str(found) == expected


def test_options_are_part_of_the_profile() -> None:
    found = resolve_profile("cilium", options={"sctp": "enabled", "policyEnforcement": "always"})
    assert str(found) == "cilium:1.18?policyEnforcement=always&sctp=enabled"
    assert found != resolve_profile("cilium")
    assert found == resolve_profile(
        "cilium:1.18", options={"policyEnforcement": "always", "sctp": "enabled"}
    )
    assert hash(found) == hash(EngineProfile("cilium", Version(1, 18), dict(found.options)))


@pytest.mark.parametrize(
    ("text", "version", "options", "says"),
    [
        ("weave", None, None, "'weave' is not an engine; choose one of npm, calico"),
        ("cilium/1.17", None, None, "is not an engine such as 'npm' or 'cilium:1.17'"),
        ("cilium:1.13", None, None, "cilium 1.13 is not covered; choose one of 1.14"),
        ("cilium", "latest", None, "'latest' is not a version"),
        ("cilium:1.17", "1.18", None, "contradict each other"),
        ("none:1.0", None, None, "engine none has no versions"),
        ("cilium", None, {"sctp": "yes"}, "option sctp of cilium must be one of unknown"),
        ("calico", None, {"sctp": "enabled"}, "engine calico has no option 'sctp'"),
    ],
)
def test_what_is_no_profile_says_why(
    text: str, version: str | None, options: dict[str, str] | None, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        resolve_profile(text, version, options)


@pytest.mark.parametrize("engine", engine_names())
def test_an_empty_cluster_compiles(engine: str) -> None:
    pipeline = compile_pipeline(snapshot(), resolve_profile(engine))
    assert pipeline.profile.engine == engine
    assert pipeline.endpoints == ()


@pytest.mark.parametrize(
    ("engine", "spec", "code", "pointer"),
    [
        ("npm", "{ingress: [{from: [{ipBlock: {cidr: 'fd00::/8'}}]}]}", "NpmIpv6Cidr",
         "/spec/ingress/0/from/0/ipBlock/cidr"),
        ("npm", "{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/0}}]}]}", "NpmNonCanonicalCidr",
         "/spec/egress/0/to/0/ipBlock/cidr"),
        ("npm", "{egress: [{to: [{ipBlock: {cidr: 8.0.0.0/08}}]}]}", "NpmNonCanonicalCidr",
         "/spec/egress/0/to/0/ipBlock/cidr"),
        ("npm", "{ingress: [{from: [{ipBlock: {cidr: 010.0.0.0/8}}]}]}", "NpmLegacyCidr",
         "/spec/ingress/0/from/0/ipBlock/cidr"),
        ("none", "{}", "PolicyNotEnforced", ""),
    ],
)  # fmt: skip
def test_what_an_engine_does_not_apply_is_a_finding(
    engine: str, spec: str, code: str, pointer: str
) -> None:
    found = snapshot(network_policy(spec))
    (finding,) = compile_pipeline(found, resolve_profile(engine)).findings
    assert (finding.code, finding.pointer) == (code, pointer)
    assert str(finding.policy) == "NetworkPolicy shop/policy"
    assert finding.detail
