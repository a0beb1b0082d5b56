"""How schemas become components of the OpenAPI document."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from apispec.ext.marshmallow.openapi import OpenAPIConverter

from service.web.schemas.base import Choice, QueryFlag, QueryNumber, Whole
from service.web.schemas.engine import EngineChoiceSchema, EngineSelection


class Converter(OpenAPIConverter):
    """Adds descriptions and examples, and closes request bodies only."""

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        instance = resolve_schema_instance(schema)
        found.pop("additionalProperties", None)
        if instance.unknown == ma.RAISE:
            found["additionalProperties"] = False
        if not found["properties"]:
            del found["properties"]
        doc = type(instance).__doc__
        if doc:
            found["description"] = " ".join(doc.split())
        # Those of a base class are none of this one.
        if examples := vars(type(instance)).get("EXAMPLES"):
            found["examples"] = list(examples)
        return found


class SchemaPlugin(MarshmallowPlugin):
    """Our converter, with one component for each set of texts."""

    Converter = Converter

    def init_spec(self, spec: APISpec) -> None:
        super().init_spec(spec)
        assert self.converter is not None
        self.converter.field_mapping = {
            **self.converter.field_mapping,
            Whole: ("integer", None),
            QueryNumber: ("integer", None),
            QueryFlag: ("boolean", None),
        }
        spec.components.schema(
            "EngineSelection",
            {
                "description": "An engine, perhaps with version and options, or as one text.",
                "anyOf": [
                    self.converter.resolve_nested_schema(EngineChoiceSchema),  # type: ignore[no-untyped-call]
                    {"type": "string", "examples": ["npm", "cilium:1.17"]},
                ],
            },
        )
        self.converter.add_attribute_function(selection2reference)  # type: ignore[no-untyped-call]
        self.converter.add_attribute_function(choice2reference)  # type: ignore[no-untyped-call]


def selection2reference(self: OpenAPIConverter, field: Any, ret: dict[str, Any]) -> dict[str, Any]:
    """Say that a request may give an engine in two ways."""
    if not isinstance(field, EngineSelection):
        return {}
    return {"$ref": "#/components/schemas/EngineSelection"}


def choice2reference(self: OpenAPIConverter, field: Any, ret: dict[str, Any]) -> dict[str, Any]:
    """Register the texts of a `Choice` once and refer to them."""
    if not isinstance(field, Choice):
        return {}
    for key in ("type", "enum"):
        ret.pop(key, None)
    if field.component not in self.spec.components.schemas:
        component: dict[str, Any] = {"type": "string", "enum": list(field.values)}
        if field.description:
            component["description"] = field.description
        self.spec.components.schema(field.component, component)
    reference = {"$ref": f"#/components/schemas/{field.component}"}
    return {"anyOf": [reference, {"type": "null"}]} if field.allow_none else reference
