"""The web process as it is, which stands still when a run has been told, where a test asks for it.

PAUSES_FOLDER=... python -m tests.e2e.paused_web
"""

import sys
from unittest import mock

from likeness import names
from likeness.ids import onboarding_workflow_id, person_workflow_id
from likeness.messages.base import Message
from likeness.messages.conversation import OpenSession, SessionOpened
from tests.e2e.pauses import Pauses
from web import __main__ as web
from web.onboardings import TemporalOnboardings
from web.people import TemporalPeople


class StopsWhenTold(TemporalOnboardings):
    """The run has taken signal or Update; nothing of it has come to the browser yet."""

    async def open_session(
        self, tenant: str, onboarding: str, *, tap: OpenSession, update_id: str, within_s: float
    ) -> SessionOpened:
        opened = await super().open_session(
            tenant, onboarding, tap=tap, update_id=update_id, within_s=within_s
        )
        await _stand(tenant, onboarding, names.OPEN_SESSION)
        return opened

    async def _signal(self, tenant: str, onboarding: str, name: str, *, message: Message) -> None:
        await super()._signal(tenant, onboarding, name, message=message)
        await _stand(tenant, onboarding, name)

    async def _update(
        self, tenant: str, onboarding: str, name: str, *, message: Message, update_id: str
    ) -> None:
        await super()._update(tenant, onboarding, name, message=message, update_id=update_id)
        await _stand(tenant, onboarding, name)


class PersonStopsWhenTold(TemporalPeople):
    """The same for what is told the person's own run."""

    async def withdraw(self, tenant: str, person: str, *, update_id: str) -> None:
        await super().withdraw(tenant, person, update_id=update_id)
        await _stand_of(person_workflow_id(tenant, person), names.WITHDRAW)


async def _stand(tenant: str, onboarding: str, name: str) -> None:
    await _stand_of(onboarding_workflow_id(tenant, onboarding), name)


async def _stand_of(workflow_id: str, name: str) -> None:
    await Pauses.of_environment().at(name, "after", workflow_id).stand()


if __name__ == "__main__":
    with (
        mock.patch.object(web, "TemporalOnboardings", StopsWhenTold),
        mock.patch.object(web, "TemporalPeople", PersonStopsWhenTold),
    ):
        sys.exit(web.main())
