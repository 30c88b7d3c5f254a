"""The onboarding with one step at another place: what a careless change would have done."""

from temporalio import workflow

from likeness import names
from likeness.messages.conversation import OnboardingStatus
from likeness.messages.onboarding import OnboardingInput
from likeness.stages import Stage
from workflows.onboard_person import OnboardPerson


@workflow.defn(name=names.ONBOARD_PERSON)
class BrokenOnboardPerson(OnboardPerson):
    """Submits before the registry knows, and does not say so by ``workflow.patched``."""

    @workflow.init
    def __init__(self, order: OnboardingInput) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: OnboardingInput) -> OnboardingStatus:
        return await super().run(order)

    async def story(self) -> None:
        await self.verification.person_is_verified()
        self.standing.moves_to(Stage.VERIFIED)
        await self.unless_interrupted(
            self.avatar.is_submitted(
                self.verification.group_id or "", self.verification.project_name
            )
        )
        await self.registered()
        await self.avatar.is_reviewed()
        self.standing.moves_to(Stage.READY)
        await self.registered(self.avatar.book)
        await self.video.is_made(self.avatar.book)
