"""Prints what a running stack talks to, what is where in it, and how to play with it."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from devstack import real
from devstack.commands import ROOT
from devstack.ports import LOOPBACK
from devstack.stack import Stack

FORGET_THE_USER = """\
# Whatever this shell knew of another Temporal or upstream does not hold here.
for name in $(env | sed -nE 's/^((TEMPORAL|APIMART)_[A-Z0-9_]+)=.*/\\1/p'); do unset "$name"; done
"""

IN_CLEAR = (
    "It is plain http: whoever is in that network can read along, so take pretended people only. "
    "Neither our pages nor the pretended check ask for the camera. Codec, Temporal and the "
    "simulator's controls stay on this machine."
)

REAL_ROWS = (
    "PUBLIC_BASE_URL",
    "PAYLOAD_KEYS_FILE",
    "LINK_KEYS_FILE",
    "WEBHOOK_KEYS_FILE",
    "API_KEYS_FILE",
    "ARCHIVE_URL",
)


def print_targets(console: Console, *, temporal: str, upstream: str) -> None:
    """Say first of all which Temporal and which upstream this run talks to."""
    console.print(_table({"Temporal": temporal, "Upstream": upstream}))


def print_what_is_where(console: Console, stack: Stack) -> None:
    """Print the addresses of a stack and a command to begin with."""
    rows = {
        "invite links, callbacks": stack.public_url,
        "REST API": stack.api_url,
        "codec, readiness, counts": stack.admin_url,
        "Temporal UI": f"{stack.ui_url}/namespaces/{stack.namespace}/workflows",
        "simulator": stack.simulator_url,
        "videos": str(stack.archive),
        "logs": str(stack.directory / "logs"),
    }
    console.print(_table(rows))
    console.print("\nIn another terminal:", style="bold")
    for line in example(stack):
        console.print(f"  {line}", soft_wrap=True, highlight=False, markup=False)
    for paragraph in for_a_phone(stack):
        console.print(f"\n{paragraph}", highlight=False, markup=False)
    console.print("\nCtrl-C or `make down` ends it; the next `make up` goes on from here.")


def for_a_phone(stack: Stack) -> list[str]:
    """Say plainly what a real phone needs, and what the real upstream would."""
    if stack.host == LOOPBACK:
        return ["Only this machine reaches it; `make up HOST=auto` lets a phone in, too."]
    needs = (
        f"A phone must be in the same network as {stack.host}, and this machine's firewall must "
        f"let TCP ports {stack.ports.web} and {stack.h5_port} in; guest networks often keep "
        "devices apart. Then it reads the QR code that `start` and `link` show."
    )
    return [needs, IN_CLEAR, real.NEEDS]


def print_real(console: Console, environment: Mapping[str, str], public_base_url: str) -> None:
    """Print what is where on the user's own servers."""
    rows = {name: environment[name] for name in REAL_ROWS if name in environment}
    console.print(_table(rows))
    if not real.is_reachable(public_base_url):
        console.print(
            f"\nNo phone elsewhere reaches this PUBLIC_BASE_URL. {real.NEEDS}", highlight=False
        )
    console.print("\nstarter.py needs the same variables. Ctrl-C or `make down` ends it.")


def example(stack: Stack) -> list[str]:
    """Return the commands that start an onboarding and let somebody walk through it."""
    portraits = f"{stack.simulator_url}/portraits"
    return [
        f". {shlex.quote(str(environment_file(stack.directory)))}",
        "python starter.py start --person maria --min-usable 1 \\",
        '    --sender "Acme Films" --display-name Maria \\',
        f"    --asset image={portraits}/front.jpg --asset image={portraits}/refused.jpg \\",
        '    --prompt "She waves." --duration-s 5 --resolution 720p',
        "# then open the invite link in a browser, or let somebody pretended do it:",
        "python -m simulator.person INVITE_URL --scenario pass",
        "# other services use the REST API, each with a key that is shown once:",
        "python starter.py keys api new --name trying --scope operate",
        f"curl --header 'Authorization: Bearer KEY' {stack.api_url}/onboardings",
    ]


def environment_file(directory: Path) -> Path:
    """Where the variables for the operator's shell lie."""
    return directory / "env"


def write_environment(directory: Path, settings: Mapping[str, str]) -> None:
    """Write a file that a shell can source, so that ``starter.py`` finds this stack."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    path = f"export PATH={shlex.quote(str(ROOT / '.venv' / 'bin'))}:$PATH"
    text = FORGET_THE_USER + "\n".join([*lines, path, f"cd {shlex.quote(str(ROOT))}"]) + "\n"
    environment_file(directory).write_text(text)


def _table(rows: Mapping[str, str]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, value)
    return table
