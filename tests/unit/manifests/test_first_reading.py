"""The first uploads of a process may come at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

FIRST_TOGETHER = """
import sys, threading
from service.manifests.limits import Limits
from service.manifests.reader import read_upload
from service.manifests.upload import UploadPart

sys.setswitchinterval(1e-5)
text = b'''{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
"metadata": {"name": "a", "namespace": "b"}, "spec": {"podSelector": {}, "ingress":
[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 80}]}]}}'''
start, read = threading.Barrier(4), []

def upload():
    start.wait()
    read.append(read_upload([UploadPart(text, "application/json", "identity")], Limits()))

threads = [threading.Thread(target=upload) for _ in range(4)]
for each in threads: each.start()
for each in threads: each.join()
assert len(read) == 4
"""


@pytest.mark.slow
def test_threads_that_read_first_do_not_meet() -> None:
    # What is built once for a kind can crash the process where two threads build it, every
    # second time or so.
    for _ in range(8):
        ended = subprocess.run([sys.executable, "-c", FIRST_TOGETHER], timeout=60, check=False)
        assert ended.returncode == 0
