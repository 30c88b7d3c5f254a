"""Where the archive's files lie: a folder of this machine, or a bucket of S3 or its like."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from obstore.store import LocalStore, ObjectStore, from_url

S3_RETRIES = 3
S3_RETRY_WITHIN = timedelta(seconds=60)
"""The step around it repeats, too, and says meanwhile what is wrong."""


def open_store(url: str) -> ObjectStore:
    """Open the store at ``file:///folder`` (made if absent) or ``s3://bucket/prefix``.

    Region, credentials and endpoint of S3 come from the standard ``AWS_`` variables, or from the
    machine's own role: https://docs.rs/object_store/latest/object_store/aws/ has them all.
    """
    if urlsplit(url).scheme == "file":
        return from_url(url, mkdir=True)
    return from_url(url, retry_config={"max_retries": S3_RETRIES, "retry_timeout": S3_RETRY_WITHIN})


def sweep(store: ObjectStore, place: str) -> None:
    """Delete what a killed worker left of files at or below ``place``, if the store is a folder.

    A file is written beside its place, as ``name#1``, and such files are never listed. What a
    bucket keeps of an upload that was broken off is the bucket's own to expire.

    Raises:
        OSError: It could not be deleted.

    """
    if not isinstance(store, LocalStore) or store.prefix is None:
        return
    at = Path(store.prefix) / place
    for left in (*at.parent.glob("*#*"), *at.rglob("*#*")):
        begun, _, number = left.as_posix().rpartition("#")
        if number.isdecimal() and (begun == at.as_posix() or at in left.parents):
            left.unlink(missing_ok=True)
