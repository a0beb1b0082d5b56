from __future__ import annotations

import pytest

from service.model.cluster import EngineChoice
from service.model.policy import PolicyRef
from service.usecases import clusters, evaluations, revisions
from service.usecases.context import Context
from service.usecases.errors import InvalidParameter, NotFound
from service.usecases.history import flow_history
from service.usecases.paging import Cursor, PageRequest
from service.usecases.views import HistoryEntry, PolicyChange, WorkloadChange
from tests.unit.usecases.stories import (
    CLIENT,
    FLOW,
    LABELLED_CLIENT,
    NAMESPACE,
    NPM,
    POLICY,
    SERVER,
    upload,
)

DEMO_POLICY = PolicyRef("NetworkPolicy", "demo", "demo-policy")
STORY = (
    (NAMESPACE, SERVER, CLIENT),
    (NAMESPACE, SERVER, CLIENT, POLICY),
    (NAMESPACE, SERVER, LABELLED_CLIENT, POLICY),
)


@pytest.fixture(autouse=True)
def _story(context: Context) -> None:
    clusters.create_cluster(context, "a", NPM)
    for documents in STORY:
        revisions.create_revision(context, "a", upload(*documents))


def _history(
    context: Context, engine: str | None = None, size: int = 50
) -> tuple[HistoryEntry, ...]:
    choice = EngineChoice(engine) if engine else None
    entries: list[HistoryEntry] = []
    after: Cursor | None = None
    while True:
        page = flow_history(context, "a", FLOW, PageRequest(size, after), engine=choice)
        entries += page.items
        if page.next_cursor is None:
            return tuple(entries)
        after = page.next_cursor


@pytest.mark.parametrize("engine", ["npm", "calico", "cilium"])
def test_the_story(context: Context, engine: str) -> None:
    first, second, third = _history(context, engine)
    assert [each.decision for each in (first, second, third)] == ["Allow", "Deny", "Allow"]
    assert [each.revision for each in (first, second, third)] == [1, 2, 3]
    assert first.flip is None
    assert second.flip is not None
    assert third.flip is not None
    assert (second.flip.from_decision, second.flip.to_decision) == ("Allow", "Deny")
    assert second.flip.previous_revision == 1
    assert second.flip.policies == (PolicyChange("added", DEMO_POLICY),)
    assert second.flip.workloads == ()
    assert {each["direction"] for each in second.flip.evidence} == {"Ingress"}
    assert second.flip.evidence[0]["policy"]["name"] == "demo-policy"
    assert third.flip.policies == ()
    assert third.flip.workloads == (WorkloadChange("changed", "demo", "Pod/client"),)
    assert [each["rule"] for each in third.flip.evidence] == ["/spec/ingress/0"]


def test_without_an_engine_nothing_flips(context: Context) -> None:
    entries = _history(context, "none")
    assert [each.decision for each in entries] == ["Allow"] * 3
    assert all(each.flip is None for each in entries)


def test_recorded_verdicts_are_told_from_others(context: Context) -> None:
    assert [each.recorded for each in _history(context)] == [False] * 3
    evaluations.evaluate_flows(context, "a", "2", [FLOW])
    made = evaluations.evaluate_flows(context, "a", "2", [FLOW])
    evaluations.evaluate_flows(context, "a", "1", [FLOW], engine=EngineChoice("calico"))
    entries = _history(context)
    assert [each.recorded for each in entries] == [False, True, False]
    assert (entries[1].evaluation, entries[1].recorded_at) == (made.id, made.created_at)
    assert entries[1].body == made.verdicts[0].body
    assert entries[1].flip is not None
    # Asking stores nothing.
    assert len(evaluations.list_evaluations(context, "a", "2", PageRequest()).items) == 2


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_know_what_came_before(context: Context, size: int) -> None:
    assert _history(context, size=size) == _history(context)


@pytest.mark.parametrize("size", [1, 50])
def test_revisions_without_an_end_are_skipped_by_flips(context: Context, size: int) -> None:
    revisions.create_revision(context, "a", upload(NAMESPACE, SERVER, POLICY))
    revisions.create_revision(context, "a", upload(NAMESPACE, SERVER, CLIENT, POLICY))
    *_, gone, back = _history(context, size=size)
    assert (gone.decision, gone.body, gone.flip) == (None, None, None)
    assert gone.unresolved is not None
    assert gone.unresolved.side == "source"
    assert back.flip is not None
    assert (back.flip.previous_revision, back.flip.from_decision) == (3, "Allow")
    assert back.flip.to_decision == "Deny"


def test_a_removed_policy_is_what_flipped_it(context: Context) -> None:
    revisions.create_revision(context, "a", upload(NAMESPACE, SERVER, CLIENT, POLICY))
    revisions.create_revision(context, "a", upload(NAMESPACE, SERVER, CLIENT))
    last = _history(context)[-1]
    assert last.flip is not None
    assert last.flip.policies == (PolicyChange("removed", DEMO_POLICY),)


def test_many_changes_are_cut_with_those_that_matter_first(context: Context) -> None:
    others = [POLICY.replace("demo-policy", f"a-{number:03}") for number in range(150)]
    unrelated = [each.replace("app: server", "app: other") for each in others]
    revisions.create_revision(context, "a", upload(NAMESPACE, SERVER, CLIENT, POLICY, *unrelated))
    flip = _history(context)[-1].flip
    assert flip is not None
    assert (flip.from_decision, flip.to_decision) == ("Allow", "Deny")
    assert len(flip.policies) == 100
    assert flip.omitted == 50
    assert flip.workloads == (WorkloadChange("changed", "demo", "Pod/client"),)


def test_what_does_not_exist(context: Context) -> None:
    with pytest.raises(NotFound):
        flow_history(context, "b", FLOW, PageRequest())
    with pytest.raises(InvalidParameter):
        flow_history(context, "a", FLOW, PageRequest(), engine=EngineChoice("weave"))
    for cursor in ((1,), ("a", 1), (1, 2), (-1, -1)):
        with pytest.raises(InvalidParameter):
            flow_history(context, "a", FLOW, PageRequest(5, cursor))


def test_a_cluster_without_revisions_has_no_history(context: Context) -> None:
    clusters.create_cluster(context, "b", NPM)
    page = flow_history(context, "b", FLOW, PageRequest())
    assert (page.items, page.next_cursor) == ((), None)
