"""Names what must hold whatever happens; the oracle of `make chaos` and the page speak of these."""

INVARIANTS = {
    "I1": "Nothing lost: every accepted start is at one end or in one declared hold; every "
    "callback the relay took is in the history.",
    "I2": "Nothing charged twice: at most one paid effect per generation key, and no second POST "
    "with another body.",
    "I3": "No identity swap: assets go only to the group that came from this run's own token.",
    "I4": "Token frugality: at most six looks an attempt, each after a cause; a forged callback "
    "causes none.",
    "I5": "Clear error: every failure has a code, who must act and what next.",
    "I6": "No secret in histories, visibility or logs.",
    "I7": "Bounded: fewer than 2,000 events and 100 signals a run, less than 256 KB a payload.",
    "I8": "Consent first: no upstream session without an earlier consent.",
    "I9": "Replay-safe: the history just made replays on the code that made it.",
}
