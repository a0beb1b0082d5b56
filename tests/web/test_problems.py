"""Whatever goes wrong is told as a problem, and every kind of problem can be looked up."""

from __future__ import annotations

import errno
import io
import logging
import os
from typing import Any, NoReturn
from unittest.mock import patch

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from service.usecases import clusters, maps
from service.usecases.analysis_pool import AnalysisFailed
from tests.web.conftest import Api


def test_an_unknown_address(api: Api) -> None:
    problem = api.problem("GET", "/v1/nothing", 404)
    assert problem["code"] == "NotFound"
    assert problem["detail"] == "Nothing is at /v1/nothing."


@pytest.mark.parametrize("path", ["/v1/clusters/", "//v1/clusters", "/v1//clusters", "/v1"])
def test_addresses_are_neither_mended_nor_redirected(api: Api, path: str) -> None:
    api("GET", path, 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/clusters", "GET, HEAD, OPTIONS, POST"),
        ("GET", "/v1/clusters:import", "OPTIONS, POST"),
        ("PUT", "/v1/clusters/demo/revisions/1", "GET, HEAD, OPTIONS"),
        ("DELETE", "/v1/clusters/demo/revisions/1", "GET, HEAD, OPTIONS"),
        ("PATCH", "/v1/evaluations/1", "GET, HEAD, OPTIONS"),
        ("TRACE", "/livez", "GET, HEAD, OPTIONS"),
        ("BREW", "/livez", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_a_resource_lacks(api: Api, method: str, path: str, allowed: str) -> None:
    assert api(method, path, 405).headers["Allow"] == allowed
    assert api.problem(method, path, 405)["code"] == "MethodNotAllowed"


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "application/xml, text/*;q=0.5",
        "application/json;q=0",
        "application/json; charset=utf-16",
    ],
)
def test_a_representation_that_is_not_offered(api: Api, accept: str) -> None:
    problem = api.problem("GET", "/v1/clusters", 406, headers={"Accept": accept})
    assert "application/json" in problem["detail"]


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/*",
        "text/html, */*;q=0.1",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8";q=0.5, text/csv',
    ],
)
def test_representations_that_are(api: Api, accept: str) -> None:
    assert api("GET", "/v1/clusters", headers={"Accept": accept}).content_type == "application/json"


def test_nothing_is_done_where_the_answer_is_not_acceptable(api: Api) -> None:
    body = {"name": "demo", "engine": "npm"}
    api.problem("POST", "/v1/clusters", 406, json=body, headers={"Accept": "text/csv"})
    api.problem("GET", "/v1/clusters/demo", 404)


def test_problems_are_told_to_those_who_accept_json_only(api: Api) -> None:
    api.problem("GET", "/v1/clusters/no", 404, headers={"Accept": "application/json"})


def test_a_fault_of_ours_says_nothing_of_itself(
    api: Api, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with patch.object(clusters, "get_cluster", side_effect=ZeroDivisionError("secret words")):
        answer = api("GET", "/v1/clusters/demo", 500)
    problem = answer.get_json()
    assert problem["code"] == "InternalError"
    assert "secret" not in answer.get_data(as_text=True)
    assert any("secret words" in str(record.exc_info) for record in caplog.records)
    assert caplog.records[-1].levelno >= logging.INFO


def test_a_database_that_is_away_is_no_fault_of_the_request(api: Api) -> None:
    away = OperationalError("SELECT 1", {}, Exception("connection refused"))
    with patch.object(clusters, "list_clusters", side_effect=away):
        answer = api("GET", "/v1/clusters", 503)
    assert answer.headers["Retry-After"]
    assert answer.get_json()["code"] == "DatabaseUnavailable"


def test_an_analysis_that_ends_its_process_is_no_fault_of_the_service(api: Api) -> None:
    failed = AnalysisFailed("the process ended")
    with patch.object(maps, "name_map", side_effect=failed):
        answer = api("GET", "/v1/clusters/demo/revisions/1/connectivity", 503)
    assert answer.headers["Retry-After"]
    problem = answer.get_json()
    assert (problem["code"], problem["detail"]) == ("AnalysisFailed", "The process ended.")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("clusters", "application/json"),
        ("clusters/demo/revisions", "application/yaml"),
        ("clusters/demo/revisions", "multipart/form-data; boundary=x"),
    ],
)
def test_a_body_that_stands_still(api: Api, path: str, media_type: str) -> None:
    class Stalled(io.BytesIO):
        def readinto(self, _: Any) -> NoReturn:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    api.cluster()
    problem = api.problem(
        "POST",
        f"/v1/{path}",
        408,
        input_stream=Stalled(bytes(1000)),
        content_type=media_type,
    )
    assert problem["code"] == "RequestTimeout"


def test_every_kind_of_problem_can_be_looked_up(api: Api) -> None:
    for each in api.get("/problems")["items"]:
        assert api.get(each["type"]) == each
    api.problem("GET", "/problems/none", 404)


def test_problems_are_not_kept_by_caches(api: Api) -> None:
    assert api("GET", "/v1/clusters/no", 404).headers["Cache-Control"] == "no-store"
