"""Reads an upload: bytes to policies and inventory."""

from __future__ import annotations

from collections.abc import Sequence

from service.manifests.limits import DEFAULT_LIMITS, Limits
from service.manifests.upload import PolicyDocument, Upload, UploadPart

__all__ = ["PolicyDocument", "Upload", "UploadPart", "read_upload"]


def read_upload(parts: Sequence[UploadPart], limits: Limits = DEFAULT_LIMITS) -> Upload:
    """Read all parts as one upload.

    Raises `UploadTooLarge`, `UnsupportedContent`, or `UploadRefused` with every fault found.
    """
    raise NotImplementedError
