"""Manifests from files, folders and standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
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
    found, faults = _expanded(names)
    parts: list[UploadPart] = []
    for name in found:
        try:
            parts.append(_part(name))
        except Refused as refused:
            faults.extend(refused.faults)
    if faults:
        raise Refused(faults)
    try:
        upload = read_upload(parts, LIMITS)
    except UploadRefused as error:
        raise Refused(map(str, error.faults)) from error
    except (UploadTooLarge, UnsupportedContent) as error:
        raise Refused([error.detail]) from error
    if upload.is_blank:
        # Most often the command that should have written it has failed.
        raise Refused([f"{', '.join(map(_shown, names))}: empty; there are no manifests to read"])
    return upload


def read_bytes(name: str) -> bytes:
    """The content of a file, or of standard input for `-`."""
    if name == STANDARD_INPUT and sys.stdin is None:
        raise Refused(["standard input is closed"])
    try:
        return sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
    except OSError as error:
        raise Refused([_told(name, error)]) from error


def refuse_second_reading(names: Iterable[str | None]) -> None:
    """Refuse standard input in two places: the second would be empty, and its answer wrong."""
    if list(names).count(STANDARD_INPUT) > 1:
        raise Refused(["standard input can be read once"])


def _expanded(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The files that names stand for, and what is wrong with the names."""
    refuse_second_reading(names)
    found: list[str] = []
    faults: list[str] = []
    for name in names:
        if not name:
            # A path would take it for the folder where the command runs.
            faults.append("an empty name is no file")
        elif name == STANDARD_INPUT or not os.path.isdir(name):
            found.append(name)
        else:
            inside, wrong = _inside(name)
            found.extend(inside)
            faults.extend(wrong)
            if not inside and not wrong:
                faults.append(f"{name}: no manifests in this folder")
    return found, faults


def _inside(folder: str) -> tuple[list[str], list[str]]:
    """Manifest files below a folder, and what cannot be read; hidden ones are left aside."""
    found: list[str] = []
    faults: list[str] = []
    waiting, known = [folder], set[str]()
    while waiting:
        below = waiting.pop()
        # Links may lead back up, or to one folder twice.
        place = os.path.realpath(below)
        if place in known:
            continue
        known.add(place)
        try:
            with os.scandir(below) as entries:
                inside = sorted(entries, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            faults.append(_told(below, error))
            continue
        for each in inside:
            try:
                _place(each, found, waiting)
            except OSError as error:
                faults.append(_told(each.path, error))
    return sorted(found), sorted(faults)


def _place(entry: os.DirEntry[str], files: list[str], folders: list[str]) -> None:
    """Put what is in a folder among the files or the folders to read; `OSError` for bad links."""
    if entry.name.startswith("."):
        return
    if entry.is_symlink():
        # Nobody can tell whether there are policies behind a link that leads nowhere.
        entry.stat()
    if entry.is_dir():
        folders.append(entry.path)
    elif _kind(Path(entry.name)) in _READ and entry.is_file():
        files.append(entry.path)


def _shown(name: str) -> str:
    return "standard input" if name == STANDARD_INPUT else name


def _told(name: str, error: OSError) -> str:
    missing = isinstance(error, FileNotFoundError)
    return f"{name}: {'no such file' if missing else error.strerror or error}"


def _part(name: str) -> UploadPart:
    content = read_bytes(name)
    packed = content.startswith(b"\x1f\x8b")
    media_type = "application/yaml" if _kind(Path(name)) in _YAML else ""
    return UploadPart(content, media_type, "gzip" if packed else "identity", name)


def _kind(path: Path) -> str:
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()
