"""What routes need from the application; `service.app` puts it there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from service.usecases.context import Context

_KEY = "netverdict"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so before requests can be answered; no fault is an empty text."""

    name: str
    fault: Callable[[], str]


@dataclass(frozen=True, slots=True)
class WebScope:
    """One per application."""

    context: Context
    page_token_key: bytes
    readiness: tuple[Check, ...] = ()


def install(app: Flask, scope: WebScope) -> None:
    app.extensions[_KEY] = scope


def scope() -> WebScope:
    """That of the application which is answering."""
    found: WebScope = current_app.extensions[_KEY]
    return found


def context() -> Context:
    """What use cases ask for."""
    return scope().context
