"""A TypeScript client generated from openapi.yaml compiles together with a program that uses it."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.contract.conftest import OPENAPI, skip

HERE = Path(__file__).parent / "typescript"
OPTIONS = [
    "--noEmit",
    "--strict",
    "--noUncheckedIndexedAccess",
    "--exactOptionalPropertyTypes",
    "--skipLibCheck",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--moduleResolution",
    "nodenext",
]


@pytest.fixture(scope="module")
def packages() -> Path:
    """A folder with the packages, kept between runs of the tests."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        skip("node and npm are not installed")
    wanted = (HERE / "package.json").read_bytes()
    name = f"netverdict-node-{hashlib.sha256(wanted).hexdigest()[:16]}"
    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(exist_ok=True)
    # Test processes may arrive here together.
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".installed").exists():
            (folder / "package.json").write_bytes(wanted)
            installed = _run(
                "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", folder=folder
            )
            if installed.returncode:
                skip(f"npm could not install the packages: {installed.stderr[-500:]}")
            (folder / ".installed").touch()
    return folder


@pytest.mark.slow
def test_a_program_on_the_generated_types_compiles(packages: Path, tmp_path: Path) -> None:
    shutil.copy(HERE / "story.ts", tmp_path)
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    tools = packages / "node_modules" / ".bin"
    generated = _run(
        str(tools / "openapi-typescript"), str(OPENAPI), "-o", "schema.d.ts", folder=tmp_path
    )
    assert generated.returncode == 0, generated.stdout + generated.stderr
    compiled = _run(str(tools / "tsc"), *OPTIONS, "story.ts", folder=tmp_path)
    assert compiled.returncode == 0, compiled.stdout


def _run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
