"""API keys: made once, kept as hashes, each for one tenant."""

from enum import StrEnum


class Scope(StrEnum):
    """What a key may do; each includes the ones before it."""

    READ = "read"
    START = "start"
    OPERATE = "operate"

    def includes(self, other: "Scope") -> bool:
        """Tell whether a key of this scope may do what ``other`` may."""
        order = list(Scope)
        return order.index(self) >= order.index(other)
