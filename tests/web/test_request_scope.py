"""Request ids, logs and metrics surround every request."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from service.telemetry import logs
from tests.web.conftest import Api


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Logs as the service writes them."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    yield stream
    root.handlers[:], root.level = before[0], before[1]


def read(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


@pytest.mark.parametrize("given", ["abc-123", "a" * 128, "00-4bf92f+/=~._"])
def test_an_id_that_is_given_is_kept(api: Api, given: str) -> None:
    assert api("GET", "/livez", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "a" * 129, "a b", "<script>", 'a"b', "a;b", "ä"])
def test_an_id_that_could_do_harm_is_replaced(api: Api, given: str) -> None:
    answer = api("GET", "/livez", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] != given
    assert len(answer.headers["X-Request-Id"]) == 32


def test_each_request_has_an_id_of_its_own(api: Api) -> None:
    assert len({api("GET", "/livez").headers["X-Request-Id"] for _ in range(5)}) == 5


def test_the_log_has_one_line_a_request(api: Api, lines: io.StringIO) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"X-Request-Id": "mine", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    api("GET", "/v1/clusters/none", 404, headers=headers)
    (line,) = read(lines)
    expected = {
        "event": "answered",
        "level": "info",
        "request_id": "mine",
        "trace_id": trace,
        "method": "GET",
        "path": "/v1/clusters/none",
        "route": "/v1/clusters/<cluster:cluster>",
        "status": 404,
    }
    assert line.items() >= expected.items()
    assert isinstance(line["milliseconds"], float)


def test_probes_that_go_well_are_not_logged(api: Api, lines: io.StringIO) -> None:
    for path in ("/livez", "/readyz", "/metrics"):
        api("GET", path)
    assert read(lines) == []


@pytest.mark.parametrize(("level", "count"), [("debug", 1), ("info", 1), ("warning", 0)])
def test_the_level_holds_for_requests_too(
    api: Api, lines: io.StringIO, level: str, count: int
) -> None:
    logs.configure(level, "json", lines)
    api("GET", "/v1/engines")
    assert len(read(lines)) == count


def test_a_request_s_line_looks_like_all_others(api: Api, lines: io.StringIO) -> None:
    api("GET", "/v1/engines")
    logs.logger("other").info("answered", status=200)
    ours, other = read(lines)
    assert ours.keys() >= other.keys()
    assert (ours["logger"], other["logger"]) == ("netverdict.http", "other")
    logs.configure("info", "console", lines)
    api("GET", "/v1/engines")
    assert re.search(r"\[info +\] answered .*status=200", lines.getvalue().splitlines()[-1])


def test_a_log_that_cannot_be_written_fails_no_request(
    api: Api, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_text: str) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(lines, "write", refuse)
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logs.configure("info", "json", lines)
    api("GET", "/v1/engines")


def test_any_text_can_be_logged() -> None:
    """Formatted and not sent: test reports that carry what was logged cannot hold this text."""
    form = logs.formatter("json")
    text = "\ud800 \x00 \u00e9"
    record = logging.LogRecord("other", logging.WARNING, "", 0, "%s", (text,), None)
    assert json.loads(form.format(record))["event"] == text


def test_values_without_a_form_in_json_can_be_logged(lines: io.StringIO) -> None:
    logs.logger("other").warning("odd", value=object, names={1: "one"})
    (line,) = read(lines)
    assert line["value"] == repr(object)


def test_lines_of_libraries_have_the_same_form(api: Api, lines: io.StringIO) -> None:
    logging.getLogger("gunicorn.error").warning("worker %s", 7)
    try:
        raise ZeroDivisionError("here")
    except ZeroDivisionError:
        logging.getLogger("other").exception("failed")
    first, second = read(lines)
    assert first["event"] == "worker 7"
    assert first["logger"] == "gunicorn.error"
    assert "ZeroDivisionError: here" in str(second["exception"])


def test_a_line_cannot_be_forged(api: Api, lines: io.StringIO) -> None:
    api("GET", '/v1/clusters/a%0a{"event": "forged"}', 404)
    assert len(read(lines)) == 1


def test_requests_are_counted_by_route(api: Api) -> None:
    for name in ("one", "two"):
        api("GET", f"/v1/clusters/{name}", 404)
    api("GET", "/strange/path", 404)
    text = api("GET", "/metrics").get_data(as_text=True)
    route = 'method="GET",route="/v1/clusters/<cluster:cluster>",status="404"'
    assert f"netverdict_http_requests_total{{{route}}}" in text
    assert 'route="(none)"' in text
    assert "strange" not in text
    assert "netverdict_http_request_seconds_bucket" in text
    assert "netverdict_http_requests_in_progress 1.0" in text


def test_answers_are_not_to_be_sniffed(api: Api) -> None:
    for path in ("/livez", "/docs", "/openapi.yaml"):
        assert api("GET", path).headers["X-Content-Type-Options"] == "nosniff"
