"""Uploads: manifests in any of the forms in which people have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request
from werkzeug.datastructures import FileStorage

from service.manifests.limits import Limits
from service.manifests.upload import UploadPart
from service.web import problem_types as types
from service.web.parser import check_media_type
from service.web.problems import RequestProblem
from service.web.sent import whole_body

YAML = "application/yaml"
JSON = "application/json"
NDJSON = "application/x-ndjson"
FORM = "multipart/form-data"
#: Before RFC 9512 everybody chose a name.
_YAML_NAMES = ("application/x-yaml", "text/yaml", "text/x-yaml", "text/vnd.yaml")
ACCEPTED = (YAML, JSON, NDJSON, FORM, *_YAML_NAMES)
#: What clients call a file whose type they do not know.
_UNKNOWN_NAMES = frozenset({"", "application/octet-stream", "text/plain"})
_GZIP_NAMES = frozenset({"application/gzip", "application/x-gzip"})

FIELD = "manifests"
_FORM_OVERHEAD = 64 * 1024


def read_parts(request: Request, limits: Limits) -> list[UploadPart]:
    """The parts of an upload as they were sent; nothing is unpacked or parsed here."""
    check_media_type(request, ACCEPTED)
    if request.mimetype == FORM:
        return _form_parts(request, limits)
    request.max_content_length = limits.sent_bytes
    content = whole_body(request)
    if not content:
        raise _empty()
    return [UploadPart(content, _media_type(request.mimetype), content_encoding(request))]


def content_encoding(request: Request) -> str:
    """`identity` or `gzip`."""
    name = request.headers.get("Content-Encoding", "identity").strip().lower()
    if name in {"gzip", "x-gzip"}:
        return "gzip"
    if name in {"identity", ""}:
        return "identity"
    raise RequestProblem(
        types.UNSUPPORTED_MEDIA_TYPE,
        f"The content encoding {name!r} is not supported.",
        code="UnsupportedContentEncoding",
        headers={"Accept-Encoding": "gzip, identity"},
    )


def _form_parts(request: Request, limits: Limits) -> list[UploadPart]:
    if content_encoding(request) != "identity":
        raise RequestProblem(
            types.UNSUPPORTED_MEDIA_TYPE,
            "A form is not compressed as a whole; its files may be.",
            code="UnsupportedContentEncoding",
            headers={"Accept-Encoding": "identity"},
        )
    request.max_content_length = limits.sent_bytes + _FORM_OVERHEAD
    request.max_form_memory_size = limits.sent_bytes
    strange = sorted({*request.form, *request.files} - {FIELD})
    if strange:
        raise RequestProblem(
            types.MALFORMED_REQUEST,
            f"Parts must be named {FIELD!r}, not {', '.join(map(repr, strange))}.",
            code="UnknownPart",
        )
    texts = [UploadPart(each.encode(), name="") for each in request.form.getlist(FIELD)]
    parts = [*texts, *(_file_part(each) for each in request.files.getlist(FIELD))]
    if not any(part.content for part in parts):
        raise _empty()
    return parts


def _file_part(file: FileStorage) -> UploadPart:
    name = file.filename or ""
    packed = (
        file.headers.get("Content-Encoding", "").strip().lower() in {"gzip", "x-gzip"}
        or file.mimetype in _GZIP_NAMES
        or name.lower().endswith(".gz")
    )
    media_type = "" if file.mimetype in _GZIP_NAMES else _media_type(file.mimetype)
    return UploadPart(file.read(), media_type, "gzip" if packed else "identity", name)


def _media_type(name: str) -> str:
    return "" if name in _UNKNOWN_NAMES else YAML if name in _YAML_NAMES else name


def _empty() -> RequestProblem:
    return RequestProblem(types.MALFORMED_REQUEST, "The upload is empty.", code="EmptyBody")


# OpenAPI 3.1 would have contentMediaType here; generators know this form.
_FILE = {"type": "string", "format": "binary"}
_EXAMPLE = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: demo-policy, namespace: demo}
spec:
  podSelector: {matchLabels: {app: server}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: client}}}]
    ports: [{protocol: TCP, port: 80}]
"""
#: The request body of an upload, for the OpenAPI document.
DOCUMENTATION: Mapping[str, Any] = {
    "required": True,
    "description": "Kubernetes objects: YAML documents, one JSON object or List, a JSON object a "
    f"line, or files named `{FIELD}` in a form. May have Content-Encoding gzip, but for forms, "
    "whose files may be compressed instead.",
    "content": {
        YAML: {"schema": _FILE, "example": _EXAMPLE},
        JSON: {"schema": "KubernetesObject"},
        NDJSON: {"schema": _FILE},
        FORM: {"schema": "ManifestForm"},
    },
}
COMPONENTS: Mapping[str, dict[str, Any]] = {
    "KubernetesObject": {
        "type": "object",
        "description": "An object, or a List of objects as `kubectl get -o json` prints it.",
        "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}},
        "examples": [
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "client", "namespace": "demo", "labels": {"app": "client"}},
                "spec": {"containers": [{"name": "main", "image": "busybox"}]},
            }
        ],
    },
    "ManifestForm": {
        "type": "object",
        "description": "Files of manifests.",
        "properties": {
            FIELD: {
                "type": "array",
                "items": _FILE,
            }
        },
        "required": [FIELD],
    },
}
