"""Options that would have no effect, or only the last of two: bad usage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.cli import main
from tests.web.story import FLOW, PODS

Capture = pytest.CaptureFixture[str]
ENDS = ("--source", "demo/client", "--destination", "demo/server")
EVALUATE = ("evaluate", "pods.yaml", "--engine", "npm")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with pods and a flow, where the command runs."""
    (tmp_path / "pods.yaml").write_text(PODS)
    (tmp_path / "flows.json").write_text(json.dumps(FLOW))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("command", "option", "values"),
    [
        ("connectivity", "--engine", ("npm", "none")),
        ("connectivity", "--source", ("demo/client", "demo/server")),
        ("connectivity", "--destination", ("demo/client", "demo/server")),
        ("connectivity", "--namespace", ("demo", "demo")),
        ("connectivity", "--selector", ("a", "b")),
        ("connectivity", "--port", ("80", "81")),
        ("connectivity", "--protocol", ("TCP", "UDP")),
        ("connectivity", "--verdict", ("Allow", "Unknown")),
        ("connectivity", "--format", ("json", "csv")),
        ("evaluate", "--engine", ("npm", "none")),
        ("evaluate", "--source", ("demo/client", "demo/server")),
        # The value of the default is a value too.
        ("evaluate", "--protocol", ("UDP", "TCP")),
        ("evaluate", "--flows", ("flows.json", "flows.json")),
        ("diff", "--source", ("demo/client", "demo/server")),
        ("diff", "--change", ("newlyAllowed", "newlyDenied")),
        ("check", "--engine", ("npm", "none")),
        ("check", "--format", ("json", "markdown")),
        ("migrate", "--source", ("npm", "calico")),
        ("migrate", "--target", ("npm", "cilium")),
    ],
)
def test_two_values(capsys: Capture, command: str, option: str, values: tuple[str, str]) -> None:
    given = [text for value in values for text in (option, value)]
    with pytest.raises(SystemExit) as ended:
        main([command, "pods.yaml", *given])
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert f"{option}: may be given once" in told.err
    assert not told.out


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("options", [("--external", "--no-external"), ("--external", "--external")])
def test_an_option_and_its_opposite(capsys: Capture, options: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["connectivity", "pods.yaml", "--engine", "npm", *options])
    assert ended.value.code == 2
    assert "--external/--no-external: may be given once" in capsys.readouterr().err


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    "more",
    [
        ("--protocol", "UDP"),
        ("--protocol", "TCP"),
        ("--port", "80"),
        ("--source", "demo/client"),
        ("--destination", ""),
    ],
)
def test_flows_go_without_the_options_of_one(capsys: Capture, more: tuple[str, str]) -> None:
    assert main([*EVALUATE, "--flows", "flows.json"]) == 0
    capsys.readouterr()
    assert main([*EVALUATE, "--flows", "flows.json", *more]) == 2
    told = capsys.readouterr()
    assert "--flows goes without" in told.err
    assert not told.out


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(("options", "protocol"), [((), "TCP"), (("--protocol", "UDP"), "UDP")])
def test_the_protocol_of_a_flow(capsys: Capture, options: tuple[str, ...], protocol: str) -> None:
    assert main([*EVALUATE, *ENDS, "--port", "80", *options, "--format", "ndjson"]) == 0
    assert json.loads(capsys.readouterr().out)["flow"]["protocol"] == protocol


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    "arguments",
    [
        ("connectivity", "-", "-", "--engine", "npm"),
        ("diff", "-", "--engine", "npm", "--", "-"),
        ("evaluate", "-", "--engine", "npm", "--flows", "-"),
        ("check", "-", "--engine", "npm", "--cluster", "-"),
        ("check", "pods.yaml", "--engine", "npm", "--cluster", "-", "--facts", "-"),
        ("migrate", "-", "--source", "npm", "--target", "cilium", "--facts", "-"),
    ],
)
def test_standard_input_is_read_once(capsys: Capture, arguments: tuple[str, ...]) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.err == "standard input can be read once\n"
    assert not told.out
