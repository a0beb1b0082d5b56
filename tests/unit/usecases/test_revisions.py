from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from service.manifests.faults import UploadRefused, UploadTooLarge
from service.manifests.limits import Limits
from service.model.finding import Severity
from service.usecases import clusters, revisions
from service.usecases.context import Context
from service.usecases.drafting import draft
from service.usecases.errors import (
    Conflict,
    InvalidParameter,
    NotFound,
    PreconditionFailed,
)
from service.usecases.paging import Cursor, PageRequest
from service.usecases.revisions import ManifestForm, PolicyFilters, Replace, WorkloadFilters
from service.usecases.selecting import find_revision
from service.usecases.snapshots import load_policies
from service.usecases.views import RevisionView
from tests.unit.usecases.stories import (
    CLIENT,
    LABELLED_CLIENT,
    NAMESPACE,
    NPM,
    POLICY,
    SERVER,
    upload,
)

EVERY_WORKLOAD = WorkloadFilters()
DEMO = (NAMESPACE, SERVER, CLIENT)


@pytest.fixture(autouse=True)
def _cluster(context: Context) -> None:
    clusters.create_cluster(context, "a", NPM)


def _post(context: Context, *documents: str, **options: Any) -> RevisionView:
    revision, created = revisions.create_revision(context, "a", upload(*documents), **options)
    assert created
    return revision


def _policies(context: Context, selector: str = "latest") -> list[str]:
    page = revisions.list_policies(context, "a", selector, PolicyFilters(), PageRequest())
    return [each.ref.name for each in page.items]


def _workloads(
    context: Context, selector: str = "latest", filters: WorkloadFilters = EVERY_WORKLOAD
) -> list[str]:
    page = revisions.list_workloads(context, "a", selector, filters, PageRequest())
    return [each.workload for each in page.items]


def test_a_revision_is_shown_as_it_was_stored(context: Context) -> None:
    made = _post(context, *DEMO, POLICY, note="gitops 4be1")
    assert made == revisions.get_revision(context, "a", "1")
    assert made == revisions.get_revision(context, "a", "latest")
    assert made == revisions.get_revision(context, "a", made.digest)
    assert (made.number, made.parent, made.note, made.replaced) == (1, None, "gitops 4be1", "all")
    counts = made.counts
    assert (counts.documents, counts.policies, counts.namespaces) == (4, 1, 1)
    assert (counts.pods, counts.workloads, counts.nodes, counts.services) == (2, 2, 0, 0)
    assert made.problems == ()
    assert clusters.get_cluster(context, "a").latest_revision == 1


def test_revisions_follow_each_other(context: Context) -> None:
    before = clusters.get_cluster(context, "a")
    numbers = [
        (made.number, made.parent)
        for made in (
            _post(context, *DEMO),
            _post(context, *DEMO, POLICY),
            _post(context, NAMESPACE, SERVER, LABELLED_CLIENT, POLICY),
        )
    ]
    assert numbers == [(1, None), (2, 1), (3, 2)]
    after = clusters.get_cluster(context, "a")
    # It shows its latest revision, so its version token has to change with it.
    assert after.version_token != before.version_token
    assert after.updated_at == before.updated_at


def test_order_and_layout_make_no_revision(context: Context) -> None:
    first = _post(context, *DEMO, POLICY)
    again, created = revisions.create_revision(
        context, "a", upload(POLICY.replace("\n  ", "\n      "), CLIENT, SERVER, NAMESPACE)
    )
    assert (again, created) == (first, False)
    assert len(revisions.list_revisions(context, "a", PageRequest()).items) == 1


def test_going_back_is_a_revision_with_a_digest_seen_before(context: Context) -> None:
    first = _post(context, *DEMO)
    _post(context, *DEMO, POLICY)
    third = _post(context, *DEMO)
    assert third.digest == first.digest
    assert revisions.get_revision(context, "a", first.digest).number == 3


def test_an_upload_of_policies_keeps_the_inventory(context: Context) -> None:
    first = _post(context, *DEMO)
    second = _post(context, POLICY, replace=Replace.POLICIES)
    assert second.inventory_digest == first.inventory_digest
    assert second.policy_set_digest != first.policy_set_digest
    assert (second.counts.policies, second.counts.pods, second.counts.documents) == (1, 2, 1)
    assert _workloads(context) == ["Pod/client", "Pod/server"]
    third = _post(context, NAMESPACE, SERVER, replace=Replace.INVENTORY)
    assert third.policy_set_digest == second.policy_set_digest
    assert (_policies(context), _workloads(context)) == (["demo-policy"], ["Pod/server"])
    whole = _post(context, NAMESPACE, SERVER, CLIENT)
    assert _policies(context) == []
    assert whole.digest == first.digest


def test_both_ways_to_one_state_have_one_digest(context: Context) -> None:
    _post(context, *DEMO)
    pieces = _post(context, POLICY, replace=Replace.POLICIES)
    whole, created = revisions.create_revision(context, "a", upload(*DEMO, POLICY))
    assert (whole.digest, created) == (pieces.digest, False)


def test_the_first_revision_inherits_nothing(context: Context) -> None:
    made = _post(context, POLICY, replace=Replace.POLICIES)
    assert (made.counts.policies, made.counts.pods) == (1, 0)
    # The namespace that the policy is in was only named.
    assert [(each.code, each.severity) for each in made.problems] == [
        ("NamespaceCreated", Severity.INFO)
    ]
    made = _post(context, *DEMO, replace=Replace.INVENTORY)
    assert (made.counts.policies, made.counts.pods, made.problems) == (1, 2, ())


def test_what_is_left_out_is_told(context: Context) -> None:
    made = _post(context, *DEMO, POLICY, replace=Replace.INVENTORY)
    assert [(each.code, each.document) for each in made.problems] == [("PolicyNotReplaced", 4)]
    assert _policies(context) == []
    made = _post(context, *DEMO, POLICY, replace=Replace.POLICIES)
    assert [each.code for each in made.problems] == ["InventoryNotReplaced"]
    assert "1 namespaces, 2 pods" in made.problems[0].detail


def test_a_dry_run_stores_nothing(context: Context) -> None:
    would, created = revisions.create_revision(context, "a", upload(*DEMO), dry_run=True)
    assert (would.number, would.counts.pods, created) == (1, 2, False)
    assert revisions.list_revisions(context, "a", PageRequest()).items == ()
    made = _post(context, *DEMO)
    assert (made.digest, made.number) == (would.digest, would.number)
    same, _ = revisions.create_revision(context, "a", upload(*DEMO), dry_run=True)
    assert same == made
    with pytest.raises(PreconditionFailed):
        revisions.create_revision(
            context, "a", upload(*DEMO), dry_run=True, if_match="sha256:" + "0" * 64
        )


def test_an_upload_can_ask_for_its_parent(context: Context) -> None:
    with pytest.raises(PreconditionFailed):
        _post(context, *DEMO, if_match="sha256:" + "0" * 64)
    first = _post(context, *DEMO)
    second = _post(context, *DEMO, POLICY, if_match=first.digest)
    with pytest.raises(PreconditionFailed) as refused:
        _post(context, NAMESPACE, if_match=first.digest)
    assert refused.value.code == "RevisionChanged"
    assert revisions.get_revision(context, "a", "latest") == second


@pytest.mark.parametrize("faster", [1, 3, 4])
def test_faster_uploads_are_inherited_from(
    context: Context, monkeypatch: pytest.MonkeyPatch, faster: int
) -> None:
    """Between reading the parent and writing the child somebody replaces the inventory."""
    _post(context, *DEMO)
    calls: list[int] = []

    def slow(*arguments: Any) -> Any:
        drafted = draft(*arguments)
        calls.append(1)
        if len(calls) <= faster:
            monkeypatch.setattr("service.usecases.uploads.draft", draft)
            _post(context, NAMESPACE.replace("demo", f"n{len(calls)}"), replace=Replace.INVENTORY)
            monkeypatch.setattr("service.usecases.uploads.draft", slow)
        return drafted

    monkeypatch.setattr("service.usecases.uploads.draft", slow)
    made = _post(context, POLICY, replace=Replace.POLICIES)
    assert (made.number, made.parent, made.counts.pods) == (faster + 2, faster + 1, 0)
    parent = revisions.get_revision(context, "a", str(made.parent))
    assert made.inventory_digest == parent.inventory_digest
    assert len(calls) == faster + 1


@pytest.mark.parametrize(
    "selector", ["0", "2", "-1", "01", "Latest", "", "sha256:", "sha256:" + "0" * 64, "9" * 30]
)
def test_revisions_that_are_not_there(context: Context, selector: str) -> None:
    _post(context, *DEMO)
    for find in (
        lambda: revisions.get_revision(context, "a", selector),
        lambda: _policies(context, selector),
        lambda: _workloads(context, selector),
        lambda: revisions.read_manifests(context, "a", selector),
    ):
        with pytest.raises(NotFound):
            find()


def test_clusters_that_are_not_there(context: Context) -> None:
    with pytest.raises(NotFound):
        revisions.create_revision(context, "b", upload(*DEMO))
    with pytest.raises(NotFound):
        revisions.list_revisions(context, "b", PageRequest())
    with pytest.raises(NotFound) as refused:
        revisions.get_revision(context, "a", "latest")
    assert refused.value.code == "RevisionNotFound"


def test_a_faulty_upload_leaves_no_trace(context: Context) -> None:
    faulty = POLICY.replace("port: 80", "port: 99999")
    with pytest.raises(UploadRefused):
        _post(context, *DEMO, faulty)
    assert revisions.list_revisions(context, "a", PageRequest()).items == ()
    assert _post(context, *DEMO).number == 1


@pytest.mark.parametrize("note", ["a\x00b", "a" * 1001])
def test_notes_are_texts_for_people(context: Context, note: str) -> None:
    with pytest.raises(InvalidParameter):
        _post(context, *DEMO, note=note)


def test_limits_are_those_of_the_context(context: Context) -> None:
    small = replace(context, limits=Limits(documents=2))
    with pytest.raises(UploadTooLarge, match="more than 2"):
        revisions.create_revision(small, "a", upload(*DEMO))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages_of_revisions_are_stable(context: Context, size: int) -> None:
    for number in range(5):
        _post(context, NAMESPACE.replace("demo", f"n{number}"))
    seen: list[int] = []
    after: Cursor | None = None
    while True:
        page = revisions.list_revisions(context, "a", PageRequest(size, after))
        seen += [each.number for each in page.items]
        if page.next_cursor is None:
            break
        after = page.next_cursor
        _post(context, NAMESPACE.replace("demo", f"later{len(seen)}"))
    assert seen == [5, 4, 3, 2, 1]


def test_policies_are_listed_as_uploaded(context: Context) -> None:
    other = POLICY.replace("demo-policy", "another")
    _post(context, *DEMO, POLICY, other)
    page = revisions.list_policies(context, "a", "1", PolicyFilters(), PageRequest(1))
    first = page.items[0]
    assert (first.ref.name, first.document) == ("another", 5)
    assert first.manifest["spec"]["policyTypes"] == ["Ingress"]
    assert "# Only clients may reach the server." in first.text
    assert "policyTypes" not in first.text
    rest = revisions.list_policies(
        context, "a", "1", PolicyFilters(), PageRequest(1, page.next_cursor)
    )
    assert ([each.ref.name for each in rest.items], rest.next_cursor) == (["demo-policy"], None)
    for filters, names in (
        (PolicyFilters(name="another"), ["another"]),
        (PolicyFilters(namespace="demo"), ["another", "demo-policy"]),
        (PolicyFilters(namespace="web"), []),
        (PolicyFilters(kind="AdminNetworkPolicy"), []),
    ):
        found = revisions.list_policies(context, "a", "1", filters, PageRequest())
        assert [each.ref.name for each in found.items] == names
    with pytest.raises(InvalidParameter):
        revisions.list_policies(context, "a", "1", PolicyFilters(), PageRequest(1, (1,)))


def test_workloads_can_be_filtered(context: Context) -> None:
    _post(context, *DEMO)
    assert _workloads(context) == ["Pod/client", "Pod/server"]
    for filters, names in (
        (WorkloadFilters(label_selector="app=server"), ["Pod/server"]),
        (WorkloadFilters(label_selector="!app"), ["Pod/client"]),
        (WorkloadFilters(workload="Pod/client"), ["Pod/client"]),
        (WorkloadFilters(namespace="web"), []),
    ):
        assert _workloads(context, filters=filters) == names


@pytest.mark.parametrize("form", list(ManifestForm))
def test_manifests_read_back_to_the_same_revision(context: Context, form: ManifestForm) -> None:
    made = _post(context, *DEMO, POLICY)
    _, whole = revisions.read_manifests(context, "a", "1", form)
    part = replace(upload()[0], content=whole.encode(), media_type=form.value)
    again, created = revisions.create_revision(context, "a", [part])
    assert (again, created) == (made, False)
    _, policies = revisions.read_manifests(context, "a", "1", form, Replace.POLICIES)
    assert "demo-policy" in policies
    assert "containerPort" not in policies
    _, inventory = revisions.read_manifests(context, "a", "1", form, Replace.INVENTORY)
    assert "demo-policy" not in inventory


def test_policies_come_back_exactly_as_uploaded(context: Context) -> None:
    _post(context, *DEMO, POLICY)
    _, policies = revisions.read_manifests(context, "a", "1", part=Replace.POLICIES)
    assert POLICY.strip() in policies


def test_a_cluster_with_revisions_is_deleted_only_when_that_is_said(context: Context) -> None:
    _post(context, *DEMO)
    clusters.create_cluster(context, "b", NPM)
    revisions.create_revision(context, "b", upload(*DEMO))
    with pytest.raises(Conflict) as refused:
        clusters.delete_cluster(context, "a")
    assert refused.value.code == "ClusterHasRevisions"
    clusters.delete_cluster(context, "a", cascade=True)
    with pytest.raises(NotFound):
        revisions.get_revision(context, "a", "1")
    # The other cluster shares the contents, which are still there.
    fresh = replace(context, caches=type(context.caches)())
    page = revisions.list_workloads(fresh, "b", "1", WorkloadFilters(), PageRequest())
    assert len(page.items) == 2


def test_equal_parts_are_stored_once(context: Context) -> None:
    _post(context, *DEMO)
    _post(context, *DEMO, POLICY)
    clusters.create_cluster(context, "b", NPM)
    revisions.create_revision(context, "b", upload(*DEMO, POLICY))
    with context.database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM contents")) == 3


def test_a_revision_can_vanish_while_it_is_read(context: Context) -> None:
    _post(context, *DEMO)
    fresh = replace(context, caches=type(context.caches)())
    _, _, row = find_revision(fresh, "a", "1")
    clusters.delete_cluster(context, "a", cascade=True)
    with pytest.raises(NotFound):
        load_policies(fresh, row.policy_set_content)
