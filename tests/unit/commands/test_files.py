"""Which files of a folder are read, and what is refused rather than left out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from service.cli import main
from service.commands.faults import Refused
from service.commands.files import read_files
from tests.web.story import PODS, POLICY

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with pods, beside one with a policy."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "policy.yaml").write_text(POLICY)
    inside = tmp_path / "manifests"
    inside.mkdir()
    (inside / "pods.yaml").write_text(PODS)
    return inside


def read(folder: Path) -> list[str]:
    """The files of a folder that were read, relative to it."""
    return [os.path.relpath(name, folder) for name, _ in read_files([str(folder)]).parts]


def refused(*names: str | Path) -> tuple[str, ...]:
    with pytest.raises(Refused) as caught:
        read_files(list(map(str, names)))
    return caught.value.faults


@pytest.mark.parametrize(
    ("links", "found"),
    [
        ({"linked": "../elsewhere"}, ["linked/policy.yaml", "pods.yaml"]),
        ({"policy.yaml": "../elsewhere/policy.yaml"}, ["pods.yaml", "policy.yaml"]),
        # One folder under two names is one folder.
        ({"a": "../elsewhere", "b": "../elsewhere"}, ["a/policy.yaml", "pods.yaml"]),
        ({"again": "."}, ["pods.yaml"]),
        ({"up": ".."}, ["pods.yaml", "up/elsewhere/policy.yaml"]),
        # Hidden ones are left aside, wherever they lead.
        ({".hidden": "../elsewhere", ".gone": "nowhere"}, ["pods.yaml"]),
    ],
)
def test_links_are_followed(folder: Path, links: dict[str, str], found: list[str]) -> None:
    for name, target in links.items():
        (folder / name).symlink_to(target)
    assert read(folder) == found


@pytest.mark.parametrize(
    ("name", "target", "reason"),
    [
        ("policy.yaml", "nowhere.yaml", "no such file"),
        ("policies", "nowhere", "no such file"),
        ("policy.yaml", "policy.yaml", "Too many levels of symbolic links"),
    ],
)
def test_links_that_lead_nowhere(folder: Path, name: str, target: str, reason: str) -> None:
    (folder / name).symlink_to(target)
    assert refused(folder) == (f"{folder / name}: {reason}",)


def forbid(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, place: Path) -> None:
    """Have one function refuse a place as the system does it for everybody but root."""
    real: Callable[..., object] = getattr(owner, name)

    def refuse(path: object, *more: object, **named: object) -> object:
        if Path(str(path)) == place:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *more, **named)

    monkeypatch.setattr(owner, name, refuse)


@pytest.mark.parametrize(
    ("owner", "function", "place"),
    [(os, "scandir", "below"), (Path, "read_bytes", "below/a.yaml")],
)
def test_what_cannot_be_read_in_a_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, owner: object, function: str, place: str
) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "a.yaml").write_text(POLICY)
    forbid(monkeypatch, owner, function, folder / place)
    assert refused(folder) == (f"{folder / place}: Permission denied",)


def test_a_file_in_a_folder_that_may_not_be_searched(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    path = folder / "pods.yaml"
    for function in ("stat", "read_bytes"):
        forbid(monkeypatch, Path, function, path)
    assert main(["connectivity", str(path), "--engine", "npm"]) == 2
    assert capsys.readouterr().err == f"{path}: Permission denied\n"


def test_a_description_that_is_no_text(folder: Path, capsys: Capture) -> None:
    (folder / "openapi.yaml").write_bytes(b"\xff")
    assert main(["openapi", "--check", str(folder / "openapi.yaml")]) == 2
    assert "can't decode" in capsys.readouterr().err


def test_every_file_that_cannot_be_read_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "one.yaml").symlink_to("nowhere")
    (folder / "two.yaml").symlink_to("nowhere")
    forbid(monkeypatch, Path, "read_bytes", folder / "pods.yaml")
    told = refused(folder, tmp_path / "missing", "", "x" * 300)
    assert [each.partition(": ")[0] for each in told] == [
        str(folder / "one.yaml"),
        str(folder / "two.yaml"),
        "an empty name is no file",
        str(folder / "pods.yaml"),
        str(tmp_path / "missing"),
        "x" * 300,
    ]
