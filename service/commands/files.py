"""Manifests from files, folders and standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from service.commands.faults import Refused
from service.manifests.faults import UnsupportedContent, UploadRefused, UploadTooLarge
from service.manifests.limits import Limits
from service.manifests.reader import read_upload
from service.manifests.upload import Upload, UploadPart

STANDARD_INPUT = "-"
#: The files are the caller's own, so the bounds are only there to end what never would.
LIMITS = Limits(
    sent_bytes=1 << 32, unpacked_bytes=1 << 34, ratio=10_000, documents=5_000_000, aliases=100_000
)
_YAML = frozenset({".yaml", ".yml"})
_READ = _YAML | {".json", ".ndjson", ".jsonl"}


def read_files(names: Sequence[str]) -> Upload:
    """All of the manifests as one upload; `Refused` with every fault."""
    parts = [_part(name) for name in _expanded(names)]
    try:
        return read_upload(parts, LIMITS)
    except UploadRefused as error:
        raise Refused(map(str, error.faults)) from error
    except (UploadTooLarge, UnsupportedContent) as error:
        raise Refused([error.detail]) from error


def read_bytes(name: str) -> bytes:
    """The content of a file, or of standard input for `-`."""
    try:
        return sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
    except OSError as error:
        raise Refused([f"{name}: {error.strerror or error}"]) from error


def _expanded(names: Sequence[str]) -> list[str]:
    if names.count(STANDARD_INPUT) > 1:
        raise Refused(["standard input can be read once"])
    found: list[str] = []
    faults: list[str] = []
    for name in names:
        path = Path(name)
        if name == STANDARD_INPUT or not path.is_dir():
            found.append(name)
        elif inside := sorted(_inside(path)):
            found.extend(inside)
        else:
            faults.append(f"{name}: no manifests in this folder")
    faults += [f"{name}: no such file" for name in found if not _is_there(name)]
    if faults:
        raise Refused(faults)
    return found


def _inside(folder: Path) -> Iterator[str]:
    """Manifest files below a folder; hidden ones are left aside."""
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and _kind(path) in _READ and path.is_file():
            yield str(path)


def _is_there(name: str) -> bool:
    return name == STANDARD_INPUT or Path(name).exists()


def _part(name: str) -> UploadPart:
    content = read_bytes(name)
    packed = content.startswith(b"\x1f\x8b")
    media_type = "application/yaml" if _kind(Path(name)) in _YAML else ""
    return UploadPart(content, media_type, "gzip" if packed else "identity", name)


def _kind(path: Path) -> str:
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()
