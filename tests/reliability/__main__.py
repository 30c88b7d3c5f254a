"""Renders docs/reliability.md: `python -m tests.reliability`."""

from tests.reliability.figures import read
from tests.reliability.page import PAGE, rendered

if __name__ == "__main__":
    PAGE.write_text(rendered(read()))
