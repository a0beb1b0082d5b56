"""Uploads of policies of every kind: refused with places, or kept without a change."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Manifest
from tests.property.bounds import bounded
from tests.property.drawn import mutated_objects
from tests.property.policy_seeds import ALL
from tests.property.policy_uploads import check_upload

FUZZED_SECONDS = 20


@pytest.mark.parametrize("in_yaml", [False, True], ids=["json", "yaml"])
@pytest.mark.parametrize("seed", ALL, ids=[f"{e['kind']}-{e['apiVersion']}" for e in ALL])
def test_seeds_are_kept(seed: Manifest, in_yaml: bool) -> None:
    assert check_upload([seed], in_yaml=in_yaml) is not None


@bounded(3)
@given(st.lists(mutated_objects(ALL), min_size=1, max_size=3), st.booleans())
def test_uploads(manifests: list[Manifest], in_yaml: bool) -> None:
    check_upload(manifests, in_yaml=in_yaml)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheel for this platform")
def test_coverage_guided_fuzzing_finds_nothing(tmp_path: Path) -> None:
    script = Path(__file__).with_name("fuzz_manifests.py")
    done = subprocess.run(
        [
            *(sys.executable, str(script)),
            *(f"-max_total_time={FUZZED_SECONDS}", "-timeout=10", "-max_len=160"),
            "-len_control=0",
            *(f"-artifact_prefix={tmp_path}/", "-rss_limit_mb=2048", "-verbosity=0"),
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=FUZZED_SECONDS * 6,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
