"""Swagger UI at /docs, from files of an installed package and without any outside address."""

from __future__ import annotations

import mimetypes
from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

_ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
_SERVED = frozenset(
    {
        "index.css",
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-ui-standalone-preset.js",
        "favicon-16x16.png",
        "favicon-32x32.png",
    }
)
# Swagger UI draws its icons from data: addresses; everything else comes from here.
_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# Addresses are relative, so that a proxy may put the service under a path.
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Netverdict API</title>
<link rel="stylesheet" href="docs/index.css">
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/swagger-ui-standalone-preset.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
# Without validatorUrl the page would ask an outside service for its opinion.
_START = """\
window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  layout: "StandaloneLayout",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
});
"""

blueprint = Blueprint("docs", __name__)


@blueprint.after_request
def protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/docs")
def page() -> Response:
    return Response(_PAGE, content_type="text/html; charset=utf-8")


@blueprint.get("/docs/start.js")
def start() -> Response:
    return Response(_START, content_type="text/javascript; charset=utf-8")


@blueprint.get("/docs/<name>")
def asset(name: str) -> Response:
    if name not in _SERVED:
        raise NotFound
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = Response((_ASSETS / name).read_bytes(), content_type=content_type)
    response.headers["Cache-Control"] = "max-age=86400"
    return response
