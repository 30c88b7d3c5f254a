"""The person's files in the archive: receipts are written, and everything is deleted on erasure."""

from collections.abc import Callable

from temporalio import activity

from activities.archive import Archive
from activities.downloading import ArchiveError
from activities.outcomes import failed
from likeness.failures import FailureCode
from likeness.ids import receipt_key
from likeness.messages.person import EraseFiles, FilesErased, KeepReceipt, ReceiptKept
from likeness.steps import ERASE_FILES, KEEP_RECEIPT


class FileSteps:
    """``keep_receipt`` and ``erase_files``; ``signed`` gives a receipt's bytes, always the same."""

    def __init__(self, archive: Archive, *, signed: Callable[[KeepReceipt], bytes]) -> None:
        self._archive = archive
        self._signed = signed

    @activity.defn(name=KEEP_RECEIPT.name)
    async def keep_receipt(self, order: KeepReceipt) -> ReceiptKept:
        """Write the signed receipt; writing it again changes nothing.

        Raises:
            ApplicationError: ``archive_failed``, retryable.

        """
        key = receipt_key(order.tenant, order.person, order.receipt.onboarding)
        try:
            await self._archive.put(key, self._signed(order))
        except ArchiveError as error:
            raise failed(FailureCode.ARCHIVE_FAILED, detail=str(error), repeatable=True) from error
        return ReceiptKept(key=key)

    @activity.defn(name=ERASE_FILES.name)
    async def erase_files(self, order: EraseFiles) -> FilesErased:
        """Delete files; what is gone already is as good.

        Raises:
            ApplicationError: ``archive_failed``, retryable; what is deleted stays deleted.

        """
        try:
            count = await self._archive.erase(order.folders)
            for key in order.files:
                await self._archive.remove(key)
        except ArchiveError as error:
            raise failed(FailureCode.ARCHIVE_FAILED, detail=str(error), repeatable=True) from error
        return FilesErased(count=count)
