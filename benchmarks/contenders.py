"""Everyone who is measured, by name, in the order of a round."""

from collections.abc import Callable, Mapping

from benchmarks.contender import Contender
from benchmarks.likeness_contender import Likeness
from benchmarks.peers.dbos_contender import DbosContender
from benchmarks.peers.sdk_contender import bare_contender, naive_contender

CONTENDERS: Mapping[str, Callable[[], Contender]] = {
    "likeness": Likeness,
    "naive": naive_contender,
    "dbos": DbosContender,
    "bare": bare_contender,
}
NEEDS_POSTGRESQL = frozenset({"dbos"})
"""Left out of a store without it."""
UNATTENDED = frozenset({"bare"})
"""Never killed: its steps have half an hour and no heartbeat, so that a death shows only then."""
