"""The hidden fields of our forms: a nonce that names the tap, and a seal against forgery.

The pages send ``Referrer-Policy: no-referrer``, with which browsers post ``Origin: null``; so the
form is told from a forged one by an HMAC in it and by ``Sec-Fetch-Site``, never by its origin.
https://fetch.spec.whatwg.org/#origin-header
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from markupsafe import Markup

from likeness.temporal.keyring import KeyRing

NONCE_BYTES = 16
_NONCE = re.compile(r"[A-Za-z0-9_-]{22}")
_PURPOSE = b"likeness start form"
_OURS = frozenset({"same-origin", "none"})


@dataclass(frozen=True, kw_only=True)
class FormFields:
    """Hidden fields of one rendered form.

    ``text`` is the consent version shown with it, or what else the form is for.
    """

    nonce: str
    text: str
    seal: str

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Self:
        """Read the fields that were sent; absent ones are empty."""
        return cls(
            nonce=form.get("nonce", ""), text=form.get("text", ""), seal=form.get("csrf", "")
        )

    def inputs(self) -> Markup:
        """Give the fields as HTML."""
        inputs = Markup('<input type="hidden" name="{}" value="{}">')
        pairs = (("nonce", self.nonce), ("text", self.text), ("csrf", self.seal))
        return Markup("\n    ").join(inputs.format(name, value) for name, value in pairs)


@dataclass(frozen=True)
class FormSeals:
    """Seals forms and knows its own again; ``keys`` are tried in order, the first one seals."""

    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, link_keys: KeyRing) -> Self:
        """Derive the keys from the link keys, so that a rotation covers both."""
        others = [key for key in link_keys.read.values() if key.id != link_keys.write.id]
        secrets_in_order = [key.secret for key in (link_keys.write, *others)]
        return cls(tuple(hmac.digest(secret, _PURPOSE, "sha256") for secret in secrets_in_order))

    def fresh(self, token: str, text: str) -> FormFields:
        """Give the fields for a form on the page of ``token``; ``text`` says what it is for."""
        nonce = secrets.token_urlsafe(NONCE_BYTES)
        return FormFields(nonce=nonce, text=text, seal=_seal(self.keys[0], token, nonce, text))

    def is_ours(self, token: str, fields: FormFields) -> bool:
        """Tell whether the form was rendered by us for the page of ``token``."""
        if not _NONCE.fullmatch(fields.nonce) or not fields.seal.isascii():
            return False
        return any(
            hmac.compare_digest(_seal(key, token, fields.nonce, fields.text), fields.seal)
            for key in self.keys
        )

    def device(self, nonce: str) -> str:
        """Give the secret for the browser that holds the form of ``nonce``: 43 characters."""
        digest = hmac.digest(self.keys[0], b"device\n" + nonce.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def comes_from_elsewhere(sec_fetch_site: str | None) -> bool:
    """Tell whether a browser says that another site's page sent the form.

    Browsers without the header, and programs, are judged by the seal alone.
    """
    return sec_fetch_site is not None and sec_fetch_site not in _OURS


def _seal(key: bytes, token: str, nonce: str, text: str) -> str:
    sealed = f"start-form\n{token}\n{nonce}\n{text}".encode(errors="surrogatepass")
    return hmac.new(key, sealed, hashlib.sha256).hexdigest()
