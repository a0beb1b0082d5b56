"""kill -9 in the middle of uploads loses nothing that was acknowledged and shows nothing half."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field

import httpx
import pytest
import yaml

from tests.e2e.conftest import REVISIONS, pages
from tests.e2e.manifests import policies
from tests.running import RunningService

ROUNDS = 3
WRITERS = 4


@dataclass
class Writer:
    """Uploads one set of policies after the other until the service is gone."""

    base: str
    name: str
    acknowledged: dict[int, str] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def run(self) -> None:
        with httpx.Client(base_url=self.base, timeout=30) as http:
            for number in range(10_000):
                count = random.Random(f"{self.name}{number}").randrange(20, 120)
                mark = f"{self.name}-{number}"
                self.asked[mark] = count
                try:
                    answer = http.post(
                        REVISIONS,
                        params={"replace": "policies", "note": mark},
                        content=policies(mark, count),
                        headers={"Content-Type": "application/yaml"},
                    )
                except httpx.HTTPError:
                    return
                if answer.status_code != 201:
                    self.refused.append(answer.text)
                    return
                self.acknowledged[answer.json()["number"]] = answer.json()["digest"]


@pytest.mark.slow
def test_what_was_acknowledged_is_whole_after_a_kill(
    service: RunningService, http: httpx.Client
) -> None:
    acknowledged: dict[int, str] = {}
    asked: dict[str, int] = {}
    for turn in range(ROUNDS):
        writers = [Writer(service.base, f"w{turn}{each}") for each in range(WRITERS)]
        threads = [threading.Thread(target=writer.run) for writer in writers]
        for thread in threads:
            thread.start()
        time.sleep(1.5 + turn * 0.37)
        service.kill()
        for thread in threads:
            thread.join(timeout=60)
            assert not thread.is_alive()
        for writer in writers:
            # The service may not answer any more, but it must not answer wrongly.
            assert writer.refused == []
            assert not acknowledged.keys() & writer.acknowledged.keys()
            acknowledged |= writer.acknowledged
            asked |= writer.asked
        service.restart()
        _check(http, acknowledged, asked)
    assert len(acknowledged) >= ROUNDS * WRITERS


def _check(http: httpx.Client, acknowledged: dict[int, str], asked: dict[str, int]) -> None:
    found = {each["number"]: each for each in pages(http, REVISIONS)}
    assert sorted(found) == list(range(1, len(found) + 1))
    assert acknowledged.items() <= {each: found[each]["digest"] for each in found}.items()
    cluster = http.get("/v1/clusters/demo").json()
    assert cluster["latestRevision"] == max(found)
    for number, revision in found.items():
        count = asked[revision["note"]]
        assert revision["counts"]["policies"] == count
        # Every revision can be read whole, also those whose answer nobody heard.
        text = http.get(f"{REVISIONS}/{number}/manifests?part=policies").text
        read = list(yaml.load_all(text, yaml.CSafeLoader))
        assert len(read) == count
        marks = {each["spec"]["podSelector"]["matchLabels"]["mark"] for each in read}
        assert marks == {revision["note"]}
