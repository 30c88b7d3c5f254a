"""What a service does with verified people: lists, shows, imports, exports, orders videos."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from http import HTTPMethod
from typing import Any, TypedDict, Unpack

from likeness.client.onboardings import PAGE_SIZE
from likeness.client.paths import idempotent, person_path
from likeness.client.transport import Call, Transport
from likeness.messages.onboarding import VideoRequest
from likeness.rest.orders import WithReason
from likeness.rest.people import (
    ImportedAsset,
    ImportPerson,
    OrderVideo,
    PersonErased,
    PersonExport,
    PersonListed,
    PersonPage,
    PersonShown,
    PersonsVideo,
    VideoAccepted,
)


class MoreOfImport(TypedDict, total=False):
    """What an import may say beside who, which group and which assets."""

    project_name: str
    anew: bool


class People:
    """``likeness.people``. Every method may raise ``LikenessError``.

    ``ValueError`` (pydantic's ``ValidationError`` is one) says that what was given could never be
    taken; then nothing was sent.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, page_size: int = PAGE_SIZE) -> AsyncGenerator[PersonListed, None]:
        """Give everybody, newest first; a page of ``page_size`` (1 to 100) at a time."""
        params = {"limit": str(page_size)}
        while True:
            call = Call(path="/people", params=params)
            page = await self._transport.ask(call, PersonPage)
            for each in page.people:
                yield each
            if page.next_cursor is None:
                return
            params["cursor"] = page.next_cursor

    async def get(self, person: str) -> PersonShown:
        """Show one."""
        return await self._transport.ask(Call(path=person_path(person)), PersonShown)

    async def import_(
        self,
        person: str,
        *,
        group_id: str,
        assets: Sequence[ImportedAsset | Mapping[str, str]],
        **more: Unpack[MoreOfImport],
    ) -> PersonShown:
        """Take in somebody verified elsewhere under the same upstream account.

        The same import again comes to the same; another one of somebody known is a conflict. See
        ``ImportPerson`` for ``project_name`` and ``anew``.
        """
        said = {"person": person, "group_id": group_id, "assets": assets, **more}
        call = Call(method=HTTPMethod.POST, path="/people", body=ImportPerson.model_validate(said))
        return await self._transport.ask(call, PersonShown)

    async def export(self, person: str) -> PersonExport:
        """Give all that is held of somebody, consent receipts included."""
        return await self._transport.ask(Call(path=person_path(person, "export")), PersonExport)

    async def order_video(
        self,
        person: str,
        video: VideoRequest | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
    ) -> VideoAccepted:
        """Have another video made, without a new scan, and give its number.

        The same key and content always come to the same video, which is paid once.
        """
        call = Call(
            method=HTTPMethod.POST,
            path=person_path(person, "videos"),
            body=OrderVideo.model_validate({"video": video}),
            headers=idempotent(idempotency_key),
        )
        return await self._transport.ask(call, VideoAccepted)

    async def video(self, person: str, number: int) -> PersonsVideo:
        """Show one video."""
        path = person_path(person, "videos", str(int(number)))
        return await self._transport.ask(Call(path=path), PersonsVideo)

    async def withdraw(self, person: str, *, reason: str = "") -> PersonShown:
        """Take the consent back in the person's name: nothing more is made of them."""
        call = Call(
            method=HTTPMethod.POST,
            path=person_path(person, "withdraw"),
            body=WithReason(reason=reason),
        )
        return await self._transport.ask(call, PersonShown)

    async def erase(self, person: str, *, reason: str = "") -> PersonErased:
        """Forget somebody and delete their files. Needs a key that may operate.

        Where ``done`` is false the erasure goes on; the same call again tells once it is.
        """
        call = Call(
            method=HTTPMethod.POST,
            path=person_path(person, "erase"),
            body=WithReason(reason=reason),
        )
        return await self._transport.ask(call, PersonErased)
