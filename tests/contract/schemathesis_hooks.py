"""What Schemathesis must be told about our media types; it loads this module by name."""

from __future__ import annotations

import schemathesis
import yaml
from schemathesis.core.media_types import YAML_MEDIA_TYPES


# Its own reader takes every name of YAML for the same, and falls over a second document.
@schemathesis.deserializer(*YAML_MEDIA_TYPES, "application/x-ndjson")
def read_text(
    context: schemathesis.DeserializationContext, response: schemathesis.Response
) -> object:
    """A stream of documents is a text to its schema; the one document that is none is ours."""
    text = response.content.decode()
    return yaml.safe_load(text) if context.operation.path == "/openapi.yaml" else text
