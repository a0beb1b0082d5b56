"""The target of coverage-guided fuzzing: uploads of policies. Run by test_manifest_fuzzing.

The bytes are decisions: which objects, and what of them is changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["service.manifests", "service.engines"]):
    from tests.property.policy_seeds import ALL
    from tests.property.policy_uploads import check_upload

from tests.property.mutations import mutated

MOST_OBJECTS = 3


class Decisions:
    """Numbers from the fuzzer's bytes; none left means the first choice of all."""

    def __init__(self, data: bytes) -> None:
        self._provider = atheris.FuzzedDataProvider(data)

    def below(self, bound: int) -> int:
        return int(self._provider.ConsumeIntInRange(0, bound - 1))


def read(data: bytes) -> None:
    decisions = Decisions(data)
    in_yaml = decisions.below(4) == 0
    count = 1 + decisions.below(MOST_OBJECTS)
    check_upload([mutated(decisions, ALL) for _ in range(count)], in_yaml=in_yaml)


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
