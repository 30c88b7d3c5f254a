"""Every failure by name: its code, the sentence, who must act and what to do next."""

from enum import StrEnum
from typing import NamedTuple

from likeness.stages import Hold


class Actor(StrEnum):
    """Who must act."""

    PERSON = "person"
    CALLER = "caller"
    OPERATOR = "operator"


class FailureCode(StrEnum):
    """The codes that cross every wire: results, errors' ``type``, search attributes."""

    BAD_INPUT = "bad_input"
    CONSENT_MISSING = "consent_missing"
    TAP_TOO_OLD = "tap_too_old"
    ALREADY_VERIFIED = "already_verified"
    ALREADY_ENDED = "already_ended"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    OTHER_DEVICE = "other_device"
    TOO_SOON = "too_soon"
    SESSION_LOST = "session_lost"
    SESSION_INCOMPLETE = "session_incomplete"
    H5_HOST_UNLISTED = "h5_host_unlisted"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    UPSTREAM_KEY_REFUSED = "upstream_key_refused"
    UPSTREAM_BALANCE = "upstream_balance"
    UPSTREAM_FORBIDDEN = "upstream_forbidden"
    UPSTREAM_REFUSED = "upstream_refused"
    UPSTREAM_LOST_TASK = "upstream_lost_task"
    SUBMISSION_UNCONFIRMED = "submission_unconfirmed"
    TOO_FEW_USABLE_ASSETS = "too_few_usable_assets"
    GENERATION_UNCONFIRMED = "generation_unconfirmed"
    GENERATION_REFUSED = "generation_refused"
    GENERATION_FAILED = "generation_failed"
    GENERATION_STALLED = "generation_stalled"
    SPEND_LIMIT = "spend_limit"
    VIDEO_EXPIRED = "video_expired"
    ARCHIVE_FAILED = "archive_failed"
    DEADLINE_PASSED = "deadline_passed"
    DECLINED = "declined"
    CANCELED = "canceled"
    WITHDRAWN = "withdrawn"
    NO_USABLE_ASSETS = "no_usable_assets"
    NOTHING_TO_RESOLVE = "nothing_to_resolve"
    NOTHING_TO_REPLACE = "nothing_to_replace"
    NOTHING_TO_CHECK = "nothing_to_check"
    WORKER_LEAVING = "worker_leaving"
    WEBHOOK_UNDELIVERED = "webhook_undelivered"
    WEBHOOK_GONE = "webhook_gone"
    NOTHING_TO_REDRIVE = "nothing_to_redrive"
    NO_SUCH_PAGE = "no_such_page"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TOO_LARGE = "body_too_large"
    KEY_MISSING = "key_missing"
    KEY_REFUSED = "key_refused"
    KEY_EXPIRED = "key_expired"
    SCOPE_TOO_LOW = "scope_too_low"
    TOO_MANY_REQUESTS = "too_many_requests"
    IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing"
    DIFFERENT_REQUEST = "different_request"
    NO_SUCH_ONBOARDING = "no_such_onboarding"
    NO_SUCH_PERSON = "no_such_person"
    NO_SUCH_VIDEO = "no_such_video"
    PERSON_ERASED = "person_erased"
    WORKER_AWAY = "worker_away"
    TEMPORAL_AWAY = "temporal_away"
    BUG = "bug"


class FailureText(NamedTuple):
    """What a reader needs to know of a failure."""

    sentence: str
    who: Actor
    next_step: str
    hold: Hold | None = None


FAILURES: dict[FailureCode, FailureText] = {
    FailureCode.BAD_INPUT: FailureText(
        "The input does not fit its shape.",
        Actor.CALLER,
        "Correct what the sentence names and send it again.",
    ),
    FailureCode.CONSENT_MISSING: FailureText(
        "No session is opened without the person's consent.",
        Actor.PERSON,
        "Tick the consent box and tap Start again.",
    ),
    FailureCode.TAP_TOO_OLD: FailureText(
        "The tap came through too late to open a session for somebody still looking.",
        Actor.PERSON,
        "Tap Start again.",
    ),
    FailureCode.ALREADY_VERIFIED: FailureText(
        "The person is verified already.",
        Actor.PERSON,
        "Nothing; the page can be closed.",
    ),
    FailureCode.ALREADY_ENDED: FailureText(
        "The onboarding has ended.",
        Actor.CALLER,
        "Start another onboarding under a new id.",
    ),
    FailureCode.ATTEMPTS_EXHAUSTED: FailureText(
        "Every allowed verification attempt has been used.",
        Actor.OPERATOR,
        "Grant new ones with reset_attempts, or cancel this onboarding.",
        Hold.NEEDS_OPERATOR,
    ),
    FailureCode.OTHER_DEVICE: FailureText(
        "The check is under way on another device.",
        Actor.PERSON,
        "Finish it there, or choose to use this device instead.",
    ),
    FailureCode.TOO_SOON: FailureText(
        "Another check was opened only moments ago.",
        Actor.PERSON,
        "Wait some seconds and tap Start again.",
    ),
    FailureCode.SESSION_LOST: FailureText(
        "The answer to the session request never came, so that attempt is lost.",
        Actor.PERSON,
        "Tap Start again.",
    ),
    FailureCode.SESSION_INCOMPLETE: FailureText(
        "The upstream made a session but no link came in time.",
        Actor.PERSON,
        "Tap Start again.",
    ),
    FailureCode.H5_HOST_UNLISTED: FailureText(
        "The upstream's link leads to a host that is not listed.",
        Actor.OPERATOR,
        "Check the host and add it to H5_HOSTS of worker and web, then let the person tap again.",
        Hold.NEEDS_OPERATOR,
    ),
    FailureCode.UPSTREAM_UNAVAILABLE: FailureText(
        "The upstream could not be reached.",
        Actor.OPERATOR,
        "Check the network and the upstream's state; the step is safe to repeat.",
        Hold.NEEDS_OPERATOR,
    ),
    FailureCode.UPSTREAM_KEY_REFUSED: FailureText(
        "The upstream refused the API key.",
        Actor.OPERATOR,
        "Put a valid APIMART_API_KEY into the worker's settings and restart it.",
        Hold.NEEDS_OPERATOR,
    ),
    FailureCode.UPSTREAM_BALANCE: FailureText(
        "The upstream account has no balance left.",
        Actor.OPERATOR,
        "Top up the APIMart account.",
        Hold.NEEDS_OPERATOR,
    ),
    FailureCode.UPSTREAM_FORBIDDEN: FailureText(
        "The upstream does not allow this call for the API key.",
        Actor.OPERATOR,
        "Have the endpoint or the model enabled for the key.",
        Hold.NEEDS_OPERATOR,
    ),
    FailureCode.UPSTREAM_REFUSED: FailureText(
        "The upstream refused the request as malformed.",
        Actor.OPERATOR,
        "Compare the request with the provider's page; its contract may have changed.",
        Hold.NEEDS_OPERATOR,
    ),
    FailureCode.UPSTREAM_LOST_TASK: FailureText(
        "The upstream does not know the id of a task that it should know.",
        Actor.OPERATOR,
        "See that an adopted id was typed right, or ask the vendor's support with the task id.",
        Hold.NEEDS_OPERATOR,
    ),
    FailureCode.SUBMISSION_UNCONFIRMED: FailureText(
        "It is unknown whether the upstream took an asset: the answer never came.",
        Actor.OPERATOR,
        "Look at the upstream's console, then resolve: adopt its task, resubmit, or give_up.",
        Hold.NEEDS_DECISION,
    ),
    FailureCode.TOO_FEW_USABLE_ASSETS: FailureText(
        "Fewer assets passed the review than the run needs.",
        Actor.CALLER,
        "Give other files with replace_assets, go on with accept_partial where some are usable, "
        "or cancel.",
        Hold.NEEDS_ASSETS,
    ),
    FailureCode.GENERATION_UNCONFIRMED: FailureText(
        "It is unknown whether the upstream took the paid video request: the answer never came.",
        Actor.OPERATOR,
        "Compare the account's usage, then resolve: adopt the task, resubmit, or give_up.",
        Hold.NEEDS_DECISION,
    ),
    FailureCode.GENERATION_REFUSED: FailureText(
        "The upstream refused the video request; nothing was charged.",
        Actor.CALLER,
        "Correct prompt, duration, resolution or model and start another onboarding.",
    ),
    FailureCode.GENERATION_FAILED: FailureText(
        "The upstream could not make the video.",
        Actor.CALLER,
        "Ask for another video; the provider refunds failed ones.",
    ),
    FailureCode.GENERATION_STALLED: FailureText(
        "The upstream has been making the video for longer than anybody expects.",
        Actor.OPERATOR,
        "It is still watched. Ask the vendor's support with the task id, or give it up.",
        Hold.NEEDS_OPERATOR,
    ),
    FailureCode.SPEND_LIMIT: FailureText(
        "The video was not ordered: it would cost more than the limits allow.",
        Actor.OPERATOR,
        "Raise the SPEND_ limit that the detail names on every worker, or cancel.",
        Hold.NEEDS_OPERATOR,
    ),
    FailureCode.VIDEO_EXPIRED: FailureText(
        "The video's address was gone before the file could be kept.",
        Actor.OPERATOR,
        "Ask the vendor's support with the task id from the run's details.",
    ),
    FailureCode.ARCHIVE_FAILED: FailureText(
        "The finished video could not be written to the archive.",
        Actor.OPERATOR,
        "Check ARCHIVE_URL, its credentials and free space.",
        Hold.NEEDS_OPERATOR,
    ),
    FailureCode.DEADLINE_PASSED: FailureText(
        "The onboarding was not finished before its deadline.",
        Actor.CALLER,
        "Start another onboarding under a new id.",
    ),
    FailureCode.DECLINED: FailureText(
        "The person declined.",
        Actor.CALLER,
        "Nothing; do not ask this person again without a reason.",
    ),
    FailureCode.CANCELED: FailureText(
        "The onboarding was canceled.",
        Actor.CALLER,
        "Start another onboarding under a new id.",
    ),
    FailureCode.WITHDRAWN: FailureText(
        "The person has withdrawn their consent.",
        Actor.CALLER,
        "Nothing; do not use what was made of this person.",
    ),
    FailureCode.NO_USABLE_ASSETS: FailureText(
        "The person has no usable asset to make a video of.",
        Actor.CALLER,
        "Let the person go through an onboarding whose assets pass the review.",
    ),
    FailureCode.NOTHING_TO_RESOLVE: FailureText(
        "Nothing stands still here that this decision could resolve.",
        Actor.OPERATOR,
        "Look at the hold and its reason with status, and decide what it asks for.",
    ),
    FailureCode.NOTHING_TO_REPLACE: FailureText(
        "Nothing waits for other assets here, or the new ones do not fit among the old.",
        Actor.CALLER,
        "Look at the assets with status; give a refused one's name, or a name not yet used.",
    ),
    FailureCode.NOTHING_TO_CHECK: FailureText(
        "Nothing is under way at the upstream that could be asked for now.",
        Actor.OPERATOR,
        "Look at where the run stands with status.",
    ),
    FailureCode.WORKER_LEAVING: FailureText(
        "The worker was shut down; another one goes on.",
        Actor.OPERATOR,
        "Nothing; see that a worker runs.",
    ),
    FailureCode.WEBHOOK_UNDELIVERED: FailureText(
        "The webhook could not be delivered within its days.",
        Actor.CALLER,
        "Mend the receiver, then have the events sent again with redrive.",
    ),
    FailureCode.WEBHOOK_GONE: FailureText(
        "The receiver answered 410, so nothing more is sent to it.",
        Actor.CALLER,
        "Once it takes webhooks again, have the events sent with redrive.",
    ),
    FailureCode.NOTHING_TO_REDRIVE: FailureText(
        "There is no such event to send again.",
        Actor.CALLER,
        "Look at the delivery log in the onboarding's status.",
    ),
    FailureCode.NO_SUCH_PAGE: FailureText(
        "There is nothing at this address.",
        Actor.CALLER,
        "Compare the address with the OpenAPI document.",
    ),
    FailureCode.METHOD_NOT_ALLOWED: FailureText(
        "This address does not take that method.",
        Actor.CALLER,
        "Use one of the methods in the Allow header.",
    ),
    FailureCode.BODY_TOO_LARGE: FailureText(
        "The body is larger than any request here needs to be.",
        Actor.CALLER,
        "Send less: assets go by address, never by content.",
    ),
    FailureCode.KEY_MISSING: FailureText(
        "The request carries no API key.",
        Actor.CALLER,
        "Send the header `Authorization: Bearer` with your key.",
    ),
    FailureCode.KEY_REFUSED: FailureText(
        "The API key is not known here.",
        Actor.CALLER,
        "Check the key, or ask the operator for one.",
    ),
    FailureCode.KEY_EXPIRED: FailureText(
        "The API key has expired.",
        Actor.CALLER,
        "Ask the operator for a new key.",
    ),
    FailureCode.SCOPE_TOO_LOW: FailureText(
        "The API key may not do this.",
        Actor.CALLER,
        "Use a key with the scope that the detail names.",
    ),
    FailureCode.TOO_MANY_REQUESTS: FailureText(
        "The API key has sent more requests than it may.",
        Actor.CALLER,
        "Wait as long as Retry-After says, then send it again.",
    ),
    FailureCode.IDEMPOTENCY_KEY_MISSING: FailureText(
        "The request could not be repeated safely: it carries no Idempotency-Key.",
        Actor.CALLER,
        "Send the header Idempotency-Key with a value of your own, the same for every repeat.",
    ),
    FailureCode.DIFFERENT_REQUEST: FailureText(
        "Something else was asked for under this id or Idempotency-Key.",
        Actor.CALLER,
        "Repeat that request exactly, or choose another id or Idempotency-Key.",
    ),
    FailureCode.NO_SUCH_ONBOARDING: FailureText(
        "There is no onboarding of that id here, or its history is past retention.",
        Actor.CALLER,
        "Check the id.",
    ),
    FailureCode.NO_SUCH_PERSON: FailureText(
        "Nobody of that reference is verified here.",
        Actor.CALLER,
        "Check the reference, or onboard the person.",
    ),
    FailureCode.NO_SUCH_VIDEO: FailureText(
        "There is no video of that number here, or its history is past retention.",
        Actor.CALLER,
        "Check the number.",
    ),
    FailureCode.PERSON_ERASED: FailureText(
        "The person has been erased, or their run was ended from outside.",
        Actor.CALLER,
        "Onboard the person anew if they wish it.",
    ),
    FailureCode.WORKER_AWAY: FailureText(
        "No worker answered in time.",
        Actor.OPERATOR,
        "See that a worker runs; sending the same request again is safe.",
    ),
    FailureCode.TEMPORAL_AWAY: FailureText(
        "The Temporal server did not answer.",
        Actor.OPERATOR,
        "See that it runs; sending the same request again is safe.",
    ),
    FailureCode.BUG: FailureText(
        "Something happened that this program does not know.",
        Actor.OPERATOR,
        "Read the failure in the Temporal UI and report it; resolve then repeats the step.",
        Hold.NEEDS_OPERATOR,
    ),
}


def code_of(type_name: str | None) -> FailureCode:
    """Give the code an error's ``type`` names, ``bug`` for anything that is not ours."""
    try:
        return FailureCode(type_name or "")
    except ValueError:
        return FailureCode.BUG
