"""Declares the words of ``starter.py keys api …``."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from commands.lazily import lazily
from commands.options import Form, Tenant, example
from commands.outcomes import Output
from likeness.ids import DEFAULT_ACCOUNT, DEFAULT_TENANT

if TYPE_CHECKING:
    from commands import api_keys as keys
    from commands import printing
    from runtime import settings
else:
    keys = lazily("commands.api_keys")
    printing = lazily("commands.printing")
    settings = lazily("runtime.settings")

api_keys = typer.Typer(help="The keys by which other services use the REST API.")

Name = Annotated[
    str, typer.Option("--name", help="What the service is called; signs the orders it gives.")
]
Account = Annotated[
    str, typer.Option("--account", help="The upstream account that its onboardings use.")
]
# The words of `runtime.api_keys.Scope`, which would bring pydantic along into every `--help`.
ScopeWord = Annotated[
    Literal["read", "start", "operate"],
    typer.Option(
        "--scope",
        help="read looks; start also starts, withdraws and cancels; operate gives every order.",
    ),
]
ExpiresIn = Annotated[
    str | None, typer.Option("--expires-in", help="For how long it is good: 90d, 12h or 1d12h.")
]
PerMinute = Annotated[
    int, typer.Option("--per-minute", help="How many requests a minute it may send.")
]
ApiKeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="The key, by its 8 digits.")]


@api_keys.command(epilog=example("keys api new --name shop --scope start --expires-in 90d"))
def new(
    *,
    name: Name,
    tenant: Tenant = DEFAULT_TENANT,
    account: Account = DEFAULT_ACCOUNT,
    scope: ScopeWord = "start",
    expires_in: ExpiresIn = None,
    per_minute: PerMinute = 600,
    output: Form = Output.TEXT,
) -> None:
    """Make a key and print it, once; it is a credential."""
    fields = {
        "name": name,
        "tenant": tenant,
        "account": account,
        "scope": scope,
        "per_minute": per_minute,
    }
    made = keys.make_api_key(_settings(), fields, expires_in=expires_in)
    printing.Printer(output).answer(made)


@api_keys.command("list", epilog=example("keys api list"))
def list_keys(output: Form = Output.TEXT) -> None:
    """List the keys that are not revoked; the keys themselves are known to nobody."""
    printing.Printer(output).table(keys.list_api_keys(_settings()))


@api_keys.command(epilog=example("keys api revoke 1f3a5c7e"))
def revoke(key_id: ApiKeyId, output: Form = Output.TEXT) -> None:
    """Let a key be good no more, from the next request on."""
    printing.Printer(output).answer(keys.take_back_api_key(_settings(), key_id))


def _settings() -> "settings.ApiKeySettings":
    return settings.load(settings.ApiKeySettings)
