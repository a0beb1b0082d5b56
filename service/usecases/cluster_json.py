"""Cluster records as JSON documents and back: camelCase, as `az aks show` prints them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.model.cluster import ClusterRecord


def record_document(record: ClusterRecord) -> dict[str, Any]:
    """The record as JSON values; fields that are not known are left out."""
    raise NotImplementedError


def read_record(document: Mapping[str, Any]) -> ClusterRecord:
    """The record of a document; `Invalid` lists every fault with its JSON pointer."""
    raise NotImplementedError
