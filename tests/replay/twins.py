"""The onboarding with one step at another place: changed without a word, and changed as taught."""

from temporalio import workflow

from likeness import names
from likeness.messages.conversation import OnboardingStatus
from likeness.messages.onboarding import OnboardingInput
from workflows.onboard_person import OnboardPerson


@workflow.defn(name=names.ONBOARD_PERSON)
class BrokenOnboardPerson(OnboardPerson):
    """Rests a moment before the registry is told, and does not say so by ``workflow.patched``."""

    @workflow.init
    def __init__(self, order: OnboardingInput) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: OnboardingInput) -> OnboardingStatus:
        return await super().run(order)

    async def story(self) -> None:
        await self.verification.person_is_verified()
        await workflow.sleep(0.01)
        await super().story()


@workflow.defn(name=names.ONBOARD_PERSON)
class PatchedOnboardPerson(OnboardPerson):
    """Rests a moment in the same place, for the runs that come there first with this code."""

    @workflow.init
    def __init__(self, order: OnboardingInput) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: OnboardingInput) -> OnboardingStatus:
        return await super().run(order)

    async def story(self) -> None:
        await self.verification.person_is_verified()
        if workflow.patched("rest-before-registering"):
            await workflow.sleep(0.01)
        await super().story()
