"""Signatures of Standard Webhooks, by which a receiver knows that a webhook is ours.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence


def signed_headers(
    secrets: Sequence[bytes], *, event_id: str, sent_at: int, body: bytes
) -> Mapping[str, str]:
    """Give the headers that name and sign ``body``; ``sent_at`` in unix seconds.

    There is one signature for each secret: a receiver that knows any of them is content.
    """
    signed = b".".join((event_id.encode("ascii"), str(sent_at).encode("ascii"), body))
    digests = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets)
    signatures = (f"v1,{base64.b64encode(digest).decode('ascii')}" for digest in digests)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(signatures),
    }
