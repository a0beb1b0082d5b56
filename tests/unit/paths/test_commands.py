"""Commands are what bash, the Azure CLI and kubectl read."""

from __future__ import annotations

import itertools
import shlex
import subprocess
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.analysis.paths.commands import Names, names_used, quoted, render, with_input
from service.analysis.paths.plan import Plan
from service.analysis.paths.runbooks import make_runbook, parameters_of, runbook_ids
from service.model.cluster import ClusterRecord, Ipam
from tests.unit.paths.bash import (
    check_documented,
    check_syntax,
    commands_in,
    commands_of,
    pipeline,
)
from tests.unit.rulebook.questions import NOTHING, TODAY, cluster, linux, question, windows

ENGINES = ("npm", "calico", "cilium", "none")
RECORDS = {
    "node subnet": cluster(),
    "overlay": cluster(mode="overlay"),
    "pod subnet": cluster(pools=(linux(pod_subnet_id="/x"),)),
    "kubenet": cluster("kubenet", identity_type="SystemAssigned", kubernetes="1.26.0"),
    "windows": cluster(pools=(linux(), windows())),
    "auto-provisioning": cluster(provisioning="Auto"),
    "nothing told": NOTHING,
}
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs"]),
    min_size=1,
    max_size=30,
)


def plan(source: str, target: str, record: ClusterRecord, ipam: Ipam | None) -> Plan:
    found = question(
        source=source,
        engine=target,
        record=record,
        ipam=ipam,
        plans_l7=True,
        pod_cidr="10.244.0.0/16" if ipam else None,
    ).plan
    assert found is not None
    return found


@pytest.mark.parametrize(("source", "target"), list(itertools.permutations(ENGINES, 2)))
def test_plans_are_bash_and_documented(source: str, target: str) -> None:
    texts: list[str] = []
    for record in RECORDS.values():
        for ipam in (None, Ipam.OVERLAY):
            found = plan(source, target, record, ipam)
            texts += [each.text for each in commands_of(found)]

    check_syntax(texts)
    for text in dict.fromkeys(texts):
        for words in pipeline(text):
            check_documented(words)


@pytest.mark.parametrize("runbook", runbook_ids())
@pytest.mark.parametrize("is_told", [True, False])
def test_runbooks_are_bash_and_documented(runbook: str, is_told: bool) -> None:
    values = {name: f"a {name}'s value" for name in parameters_of(runbook)} if is_told else {}
    texts = [each.text for each in commands_in(make_runbook(runbook, values, TODAY))]

    check_syntax(texts)
    for text in texts:
        for words in pipeline(text):
            check_documented(words)


@pytest.mark.parametrize("runbook", runbook_ids())
def test_runbooks_have_none_of_the_faults_of_the_article(runbook: str) -> None:
    texts = [each.text for each in commands_in(make_runbook(runbook, {}, TODAY))]

    for text in texts:
        assert not text.startswith("$"), "an assignment with a dollar sign"
        assert "\u2013" not in text, "an en dash"
        assert "k8s.gcr.io" not in text, "the frozen registry"
        assert not text.rstrip().endswith("\\"), "a line that is cut off"
        assert "password" not in text.lower(), "a secret on the command line"
        if "kind: NetworkPolicy" in text:
            assert "policyTypes:" in text


def test_what_is_past_its_end_says_so() -> None:
    before, after = date(2026, 9, 29), date(2026, 9, 30)

    assert not make_runbook("create-npm-windows", {}, before).is_retired
    assert make_runbook("create-npm-windows", {}, after).is_retired
    assert not make_runbook("create-npm-linux", {}, after).is_retired
    assert make_runbook("create-npm-linux", {}, date(2028, 9, 30)).is_retired
    with pytest.raises(KeyError):
        make_runbook("create-something", {}, after)


@given(resource_group=NAMES, name=NAMES)
def test_names_stay_one_word(resource_group: str, name: str) -> None:
    names = Names({"resourceGroup": resource_group, "cluster": name})
    template = {"run": ["az", "aks", "show", "--resource-group", "{resourceGroup}", "--name",
                        "{cluster}", "--query", "x-{cluster}-y"]}  # fmt: skip

    words = shlex.split(render(template, names).text)

    assert words[:3] == ["az", "aks", "show"]
    rest = " ".join(words[3:])
    options = dict.fromkeys(("--resource-group", "--name"))
    assert all(option in rest for option in options)
    values = [word.partition("=")[2] if word.startswith("--") and "=" in word else word
              for word in words[3:]]  # fmt: skip
    assert resource_group in values
    assert name in values
    assert f"x-{name}-y" in values


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "with space",
        "it's",
        'say "hi"',
        "$HOME",
        "$(reboot)",
        "`reboot`",
        "a;b",
        "a&b|c>d<e",
        "back\\slash",
        "new\nline",
        "!history",
        "*?[]{}",
        "-rf",
        "--output",
        "~",
        "#comment",
        "é",
        "a=b",
    ],
)
def test_bash_reads_the_name_as_it_is(name: str) -> None:
    record = cluster(resource_group=name, resource_id=f"/x/managedClusters/{name}")
    found = question(source="npm", engine="none", record=record).plan
    assert found is not None
    (step,) = [each for each in found.steps if each.id == "U0"]
    line = step.commands[0].text
    shown = subprocess.run(
        ["bash", "-c", f"az() {{ printf '%s\\0' \"$@\"; }}; {line}"],
        capture_output=True,
        check=True,
    )
    words = shown.stdout.decode().split("\0")[:-1]
    values = [word.partition("=")[2] if word.startswith("--") and "=" in word else word
              for word in words]  # fmt: skip

    assert values.count(name) == 2
    assert words[-2:] == ["--network-policy", "none"]


def test_unknown_values_become_variables_that_are_asked_for() -> None:
    assert quoted("{resourceGroup}", Names({})) == '"${RESOURCE_GROUP}"'
    assert quoted("a b/{cluster}.yaml", Names({})) == "'a b/'\"${CLUSTER}\".yaml"
    assert names_used([{"run": ["x", "{a}", "b{c}"]}]) == ("a", "c")


def test_a_text_that_holds_the_end_mark_is_read_whole() -> None:
    text = with_input("cat", "one\nNETVERDICT_END\ntwo")
    shown = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True)

    assert shown.stdout == "one\nNETVERDICT_END\ntwo\n"
