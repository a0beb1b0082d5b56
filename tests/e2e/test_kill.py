"""kill -9 in the middle of uploads loses nothing that was acknowledged and shows nothing half."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.request
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
        for number in range(10_000):
            count = random.Random(f"{self.name}{number}").randrange(20, 120)
            mark = f"{self.name}-{number}"
            self.asked[mark] = count
            request = urllib.request.Request(
                f"{self.base}{REVISIONS}?replace=policies&note={mark}",
                policies(mark, count).encode(),
                {"Content-Type": "application/yaml"},
            )
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    made = json.load(answer)
            except urllib.error.HTTPError as error:
                self.refused.append(error.read().decode(errors="replace"))
                return
            except (OSError, http.client.HTTPException, ValueError):
                # The service is gone, perhaps in the middle of its answer.
                return
            self.acknowledged[made["number"]] = made["digest"]


@pytest.mark.slow
def test_what_was_acknowledged_is_whole_after_a_kill(
    service: RunningService,
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
        # A client of its own: connections to the killed service are of no use.
        with httpx.Client(base_url=service.base, timeout=60) as client:
            _check(client, acknowledged, asked)
    assert len(acknowledged) >= ROUNDS * WRITERS


def _check(client: httpx.Client, acknowledged: dict[int, str], asked: dict[str, int]) -> None:
    # PostgreSQL may still be finishing what the killed service sent last, so that a revision can
    # appear between two questions: the cluster is asked first.
    cluster = client.get("/v1/clusters/demo").json()
    found = {each["number"]: each for each in pages(client, REVISIONS)}
    assert sorted(found) == list(range(1, len(found) + 1))
    assert acknowledged.items() <= {each: found[each]["digest"] for each in found}.items()
    assert max(acknowledged) <= cluster["latestRevision"] <= max(found)
    for number, revision in found.items():
        count = asked[revision["note"]]
        assert revision["counts"]["policies"] == count
        # Every revision can be read whole, also those whose answer nobody heard.
        text = client.get(f"{REVISIONS}/{number}/manifests?part=policies").text
        read = list(yaml.load_all(text, yaml.CSafeLoader))
        assert len(read) == count
        marks = {each["spec"]["podSelector"]["matchLabels"]["mark"] for each in read}
        assert marks == {revision["note"]}
