"""The steps of an onboarding by name, with what each takes and gives.

Workflows call steps through these constants and never import the activities behind them, so the
sandbox stays on and light.
"""

from typing import Generic, NamedTuple, TypeVar

from likeness.messages import person, telling
from likeness.messages import steps as message
from likeness.messages.base import Message
from likeness.messages.conversation import VideoStatus

UNSENT_BUDGET_S = 30.0
"""How long a POSTing step itself repeats a request that surely never left or was put off."""

PREFLIGHT_BUDGET_S = 20.0
"""How much of that may go into looking at the assets before they are sent."""

TakesT = TypeVar("TakesT", bound=Message)
GivesT = TypeVar("GivesT", bound=Message)


class Step(NamedTuple, Generic[TakesT, GivesT]):
    """An activity's name and types."""

    name: str
    takes: type[TakesT]
    gives: type[GivesT]


CREATE_SESSION = Step("create_session", message.CreateSession, message.SessionCreated)
QUERY_GROUP = Step("query_group", message.QueryGroup, message.GroupLooked)
SUBMIT_ASSETS = Step("submit_assets", message.SubmitAssets, message.AssetsSubmitted)
POLL_REVIEW = Step("poll_review", message.PollReview, message.ReviewFinished)
PREPARE_GENERATION = Step(
    "prepare_generation", message.PrepareGeneration, message.GenerationPrepared
)
TRIGGER_GENERATION = Step(
    "trigger_generation", message.TriggerGeneration, message.GenerationTriggered
)
POLL_GENERATION = Step("poll_generation", message.PollGeneration, message.GenerationFinished)
ARCHIVE_VIDEO = Step("archive_video", message.ArchiveVideo, message.VideoArchived)
TELL_REGISTRY = Step("tell_registry", person.TellRegistry, person.RegistryTold)
KEEP_RECEIPT = Step("keep_receipt", person.KeepReceipt, person.ReceiptKept)
ERASE_FILES = Step("erase_files", person.EraseFiles, person.FilesErased)
DELIVER_WEBHOOK = Step("deliver_webhook", telling.DeliverWebhook, telling.WebhookDelivered)
AWAIT_VIDEO = Step("await_video", message.AwaitVideo, VideoStatus)
AWAIT_ACCOUNT = Step("await_account", message.AwaitAccount, message.AccountReady)
