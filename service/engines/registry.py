"""The engines: one line each. Nothing outside `service.engines` asks for an engine's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from service.analysis.surroundings import surroundings_of
from service.engines.calico import CALICO
from service.engines.cilium import CILIUM
from service.engines.description import EngineDescription, describe
from service.engines.engine import Engine
from service.engines.kubernetes import KUBERNETES
from service.engines.none import NONE
from service.engines.npm import NPM
from service.model.engine import EngineProfile, Version, split_profile
from service.model.pipeline import Pipeline
from service.model.snapshot import Snapshot

ENGINES: Mapping[str, Engine] = {
    engine.name: engine for engine in (NPM, CALICO, CILIUM, NONE, KUBERNETES)
}

__all__ = [
    "ENGINES",
    "ENGINE_ALIASES",
    "EngineDescription",
    "compile_pipeline",
    "describe_engine",
    "engine_named",
    "engine_names",
    "resolve_profile",
]

#: Spellings accepted on input and never printed: the value of `az aks ... --network-policy`.
ENGINE_ALIASES: Mapping[str, str] = {"azure": NPM.name}


def engine_names() -> tuple[str, ...]:
    """The names of all engines."""
    return tuple(ENGINES)


def engine_named(name: str) -> Engine:
    """The engine with a name or alias; raises `ValueError` for any other."""
    lowered = name.strip().lower()
    engine = ENGINES.get(ENGINE_ALIASES.get(lowered, lowered))
    if engine is None:
        raise ValueError(f"{name!r} is not an engine; choose one of {', '.join(ENGINES)}")
    return engine


def describe_engine(name: str) -> EngineDescription:
    """The catalogue entry of an engine; raises `ValueError` for an unknown name."""
    return describe(engine_named(name))


def resolve_profile(
    text: str,
    version: str | None = None,
    options: Mapping[str, str] | None = None,
    kubernetes_version: str | None = None,
) -> EngineProfile:
    """The profile that a name (`cilium`, `cilium:1.17`), a version and options ask for.

    Without a version the one that AKS runs on the Kubernetes version is taken, else the
    engine's default. Raises `ValueError` with a sentence for whatever cannot be resolved.
    """
    name, spelled = split_profile(text)
    engine = engine_named(name)
    asked = Version.parse(version) if version else spelled
    if spelled is not None and asked != spelled:
        raise ValueError(f"{text!r} and version {version!r} contradict each other")
    if asked is not None:
        _check_version(engine, asked)
    else:
        asked = _default_version(engine, kubernetes_version)
    return EngineProfile(engine.name, asked, _check_options(engine, options or {}, asked))


def compile_pipeline(snapshot: Snapshot, profile: EngineProfile) -> Pipeline:
    """What the profile's engine makes of a snapshot."""
    pipeline = ENGINES[profile.engine].compile(snapshot, profile)
    around = surroundings_of(snapshot.inventory, pipeline.endpoints, snapshot.facts.pod_cidrs)
    return replace(pipeline, surroundings=around)


def _default_version(engine: Engine, kubernetes_version: str | None) -> Version | None:
    if kubernetes_version:
        found = engine.version_for_kubernetes(Version.parse(kubernetes_version))
        if found is not None:
            return found
    return Version.parse(engine.default_version) if engine.default_version else None


def _check_version(engine: Engine, asked: Version) -> None:
    known = [Version.parse(each) for each in engine.versions]
    if not known:
        raise ValueError(f"engine {engine.name} has no versions")
    if (asked.major, asked.minor) not in {(each.major, each.minor) for each in known}:
        raise ValueError(
            f"{engine.name} {asked} is not covered; choose one of {', '.join(engine.versions)}"
        )


def _check_options(
    engine: Engine, options: Mapping[str, str], version: Version | None
) -> Mapping[str, str]:
    known = {each.name: each for each in engine.options}
    for name, chosen in options.items():
        if name not in known:
            listed = ", ".join(known) or "none"
            raise ValueError(f"engine {engine.name} has no option {name!r}; known: {listed}")
        if chosen not in known[name].allowed:
            raise ValueError(
                f"option {name} of {engine.name} must be one of {', '.join(known[name].allowed)}"
            )
        first = known[name].since.get(chosen)
        if first is not None and version is not None and version < Version.parse(first):
            raise ValueError(
                f"{engine.name} {version} has no {name}={chosen}; it began with {first}"
            )
    return {name: options[name] for name in sorted(options)}
