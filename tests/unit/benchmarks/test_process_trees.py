"""What a process tree has cost, children that are gone already included."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.process_trees import ProcessTrees

BURN = "import time\nwhile time.process_time() < 0.4: pass\n"
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, '-c', {BURN!r}])
print('reaped', flush=True)
sys.stdin.read()
"""
HOLD = "x = bytearray(60_000_000)\nprint('up', flush=True)\ninput()"
WITH_LIVING_CHILD = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, '-c', {HOLD!r}], stdin=subprocess.PIPE)
sys.stdin.read()
"""


@contextmanager
def parent(code: str) -> Iterator[int]:
    """Run it, once it has said a word, for the length of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        assert process.stdin is not None
        process.stdin.close()


class TestProcessTrees:
    def test_it_counts_the_cpu_of_a_child_that_has_ended(self) -> None:
        with parent(PARENT) as pid:
            spent = ProcessTrees({"app": (pid,)}).cpu_s()

        # /proc counts in ticks of 10 ms, which fall short of what the child has burned.
        assert 0.35 <= spent["app"] < 2

    def test_it_counts_the_memory_of_a_living_child(self) -> None:
        with parent(WITH_LIVING_CHILD) as pid:
            held = ProcessTrees({"app": (pid,)}).memory()["app"]

        assert 60 < held.pss_mib <= held.rss_mib

    def test_trees_are_apart(self) -> None:
        with parent(PARENT) as one, parent("print(flush=True)\ninput()") as other:
            spent = ProcessTrees({"app": (one,), "database": (other,)}).cpu_s()

        assert spent["database"] < spent["app"]

    def test_a_store_without_a_database_has_no_roots_there(self) -> None:
        assert {"server": 0.0} == ProcessTrees({"server": ()}).cpu_s()

    async def test_the_peak_is_what_was_held_at_most(self) -> None:
        trees = ProcessTrees({"own": (os.getpid(),)})
        async with trees.watched() as peaks:
            before = trees.memory()["own"].rss_mib
            held = bytearray(os.urandom(1024) * 50_000)
            trees.memory()
            at_most = trees.memory()["own"].rss_mib
        del held

        assert before + 40 < at_most <= peaks.memory["own"].rss_mib + 5
