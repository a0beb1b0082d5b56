"""Schemathesis finds no 5xx and no answer that openapi.yaml does not document."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import ROOT, RunningService, running_service
from tests.web.story import FLOW, LABELLED, PODS, POLICY

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[RunningService]:
    """A service that has something to say about most that it is asked."""
    with (
        running_service(database_url, tmp_path) as running,
        httpx.Client(base_url=running.base, timeout=60) as http,
    ):
        for name in ("demo", "spare"):
            http.put(f"/v1/clusters/{name}", json={"engine": "npm"}).raise_for_status()
            for text, part in ((PODS, "all"), (POLICY, "policies"), (LABELLED, "inventory")):
                http.post(
                    f"/v1/clusters/{name}/revisions",
                    params={"replace": part},
                    content=text,
                    headers={"Content-Type": "application/yaml"},
                ).raise_for_status()
            body = {"flows": [FLOW]}
            revision = f"/v1/clusters/{name}/revisions/2"
            http.post(f"{revision}/evaluations", json=body).raise_for_status()
            for kind, wish in (
                ("compatibility-reports", {}),
                ("migration-reports", {"target": "cilium"}),
            ):
                http.post(f"{revision}/{kind}", json=wish).raise_for_status()
        yield running


@pytest.mark.slow
def test_every_answer_is_documented(service: RunningService, tmp_path: Path) -> None:
    found = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("--config-file", str(CONFIGURATION)),
            *("run", f"{service.base}/openapi.json"),
        ],
        # It leaves its notes where it runs.
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    told = found.stdout[-20_000:] + found.stderr
    assert found.returncode == 0, told
    # It also ends well where it fell over some operations.
    assert "Exception in thread" not in found.stderr, told
    assert re.search(r"Selected: (\d+)/\1\n\s+Tested: \1\n", found.stdout), told
    log = service.log.read_text()
    assert '"level": "error"' not in log, log
