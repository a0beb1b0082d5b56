"""How many random examples a property is tried on."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


def bounded(share: float) -> settings:
    """A share of the examples that the Hypothesis profile asks for (100, if nothing is said).

    There is no deadline: a busy machine would make it a matter of luck. A cluster with its
    policies takes longer to draw than Hypothesis expects of one example. And a failure is made
    smaller, but not explained by hundreds of further runs.
    """
    profile = settings.get_profile(settings.get_current_profile_name())
    return settings(
        max_examples=max(1, int(profile.max_examples * share)),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        phases=[each for each in Phase if each is not Phase.explain],
    )
