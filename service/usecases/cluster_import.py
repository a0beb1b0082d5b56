"""Clusters registered from what `az aks show -o json` prints."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from service.manifests.aks_record import AksRecord, NotAnAksRecord, read_aks_show
from service.model.cluster import ClusterRecord, EngineChoice
from service.storage import clusters as rows
from service.storage import contents
from service.storage.contents import Content
from service.storage.database import Session
from service.storage.tables import ClusterRow
from service.usecases.cluster_json import check_record, stored_record
from service.usecases.cluster_rows import (
    check_name,
    cluster_view,
    find_row,
    insert_row,
    resource_key,
    update_row,
)
from service.usecases.context import Context
from service.usecases.errors import Conflict, Invalid
from service.usecases.texts import is_storable
from service.usecases.views import ImportedCluster

SOURCE_KIND = "aks-record"

#: Never printed by AKS, but a document can come from elsewhere.
_SECRETS = frozenset({"adminpassword", "secret", "serverappsecret", "keydata", "clientsecret"})


def import_cluster(
    context: Context,
    document: Any,
    *,
    name: str | None = None,
    replace_existing: bool = False,
) -> ImportedCluster:
    """Register a cluster from the output of `az aks show -o json`, flat or ARM-nested.

    The name defaults to the one in the record, made a slug. A cluster that exists already is a
    `Conflict` unless `replace_existing`; its labels, display name, and what its users said about
    the engine beyond the record are then kept.
    """
    try:
        read = read_aks_show(document)
    except NotAnAksRecord as error:
        raise Invalid("NotAnAksRecord", str(error)) from error
    if name is not None:
        check_name(name)
    source = Content.of(SOURCE_KIND, json.dumps(_redacted(document)).encode())
    with context.database.write() as session:
        contents.lock_for_removal(session)
        row = _existing(session, name or _slug(read.name), name is not None, read.record)
        if row is not None and not replace_existing:
            raise Conflict("ClusterExists", f"there is a cluster {row.name}")
        before = row.source_content if row else None
        created = row is None
        if row is None:
            chosen = name or _slug(read.name)
            check_name(chosen)
            row = insert_row(session, chosen, _checked(read.record), context.clock())
        else:
            update_row(session, row, _checked(_renewed(row, read)), context.clock())
        contents.store(session, [source])
        row.source_content = source.key
        rows.save(session)
        contents.discard_unused(session, [before] if before else [])
        return ImportedCluster(cluster_view(row), created, read.problems)


def get_source(context: Context, name: str) -> dict[str, Any] | None:
    """The document that a cluster was imported from last, without secrets."""
    with context.database.read() as session:
        key = find_row(session, name).source_content
        if key is None:
            return None
        document: dict[str, Any] = json.loads(contents.load(session, key))
        return document


def _existing(session: Session, name: str, named: bool, record: ClusterRecord) -> ClusterRow | None:
    """The cluster that the record is of: the one with its resource id, else with its name."""
    key = resource_key(record.azure_resource_id)
    same = rows.page(session, 1, azure_resource_key=key) if key and is_storable(key) else []
    if same and named and same[0].name != name:
        detail = f"{record.azure_resource_id} is registered as {same[0].name}"
        raise Conflict("AzureResourceIdTaken", detail)
    row = rows.find(session, same[0].name if same else name, lock=True)
    if row is not None and key and row.azure_resource_key not in {None, key}:
        raise Conflict("ClusterExists", f"cluster {row.name} is another Azure resource")
    return row


def _renewed(row: ClusterRow, read: AksRecord) -> ClusterRecord:
    old = stored_record(row.record)
    return replace(
        read.record,
        engine=_engine_after(old.engine, read.record),
        display_name=old.display_name,
        labels=old.labels,
    )


def _engine_after(stated: EngineChoice | None, record: ClusterRecord) -> EngineChoice | None:
    found = record.engine
    if found is None or record.network_profile.network_plugin == "none":
        # The record cannot tell; only its users can.
        return stated or found
    return stated if stated is not None and stated.name == found.name else found


def _checked(record: ClusterRecord) -> ClusterRecord:
    return check_record(record, engine_required=False)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].rstrip("-")


def _redacted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            str(key): None if str(key).lower() in _SECRETS else _redacted(each)
            for key, each in value.items()
        }
    return [_redacted(each) for each in value] if isinstance(value, list) else value
