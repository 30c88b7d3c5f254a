"""Search attributes: names and types, as an operator lists and filters by them.

They are never encrypted, so they hold enums and times only.
"""

STAGE = "LikenessStage"
WAITING_FOR = "LikenessWaitingFor"
HOLD = "LikenessHold"
REASON = "LikenessReason"
DEADLINE = "LikenessDeadline"

SEARCH_ATTRIBUTES: dict[str, str] = {
    STAGE: "Keyword",
    WAITING_FOR: "Keyword",
    HOLD: "Keyword",
    REASON: "Keyword",
    DEADLINE: "Datetime",
}
"""Name to Temporal type, for ``temporal operator search-attribute create``."""

MEMO = "likeness"
"""Key of the one memo entry; its value is a ``RunMemo``."""
