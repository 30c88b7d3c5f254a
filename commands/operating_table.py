"""The tables of docs/operating.md, made of the catalogue of failures and of what can be typed.

python -m commands.operating_table
"""

import sys
from collections.abc import Iterator

from commands.remedies import shown
from likeness.failures import FAILURES, FailureCode


def tables() -> str:
    """Give both tables in Markdown: what a run holds with, and every other code."""
    return "\n".join([*_holds(), "", *_others()])


def _holds() -> Iterator[str]:
    yield "| reason | hold | what it means | who | what to do | what to type |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for code, text in sorted(FAILURES.items()):
        if text.hold is not None:
            typed = "<br>".join(f"`{line}`" for line in shown(code))
            told = (text.sentence, text.who, text.next_step)
            yield f"| `{code}` | `{text.hold}` | {' | '.join(told)} | {typed} |"


def _others() -> Iterator[str]:
    yield "| code | what it means | who | what to do |"
    yield "| --- | --- | --- | --- |"
    for code, text in sorted(FAILURES.items()):
        if text.hold is None and code is not FailureCode.WORKER_LEAVING:
            yield f"| `{code}` | {text.sentence} | {text.who} | {text.next_step} |"


if __name__ == "__main__":
    sys.stdout.write(tables() + "\n")
