"""`pytest tests/property --hypothesis-profile=thorough` looks at twenty times the examples."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("thorough", max_examples=2000)
