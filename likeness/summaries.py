"""The sentences that the Temporal UI shows without a key.

The codec lets exactly these pass in clear, so none may ever hold a person's data: they are
constants, and whatever is not listed here is encrypted.
"""

from enum import StrEnum


class Summary(StrEnum):
    """Every clear sentence: titles of runs, labels of activities and timers."""

    ONBOARDING = "Onboarding of one person"
    VIDEO = "One video of an onboarded person"
    PERSON = "One verified person, until erased"
    KEY_CHECK = "Holds a value under the payload key in force; keep it"

    CREATE_SESSION = "Mint a verification session for the tap"
    RESUME_SESSION = "Read the session that an interrupted step minted"
    LOOK_AFTER_CALLBACK = "Look for the person's group after the callback"
    LOOK_AFTER_FINISHED = "Look for the person's group: the person says it is done"
    LOOK_AFTER_LINK_EXPIRY = "Look for the person's group after the link's end"
    LAST_LOOK = "Look for the person's group a last time at the token's end"
    POLL_GROUP = "Ask for the person's group until the token's end"
    SUBMIT_ASSETS = "Submit assets to the person's group"
    POLL_REVIEW = "Watch the review"
    TRIGGER_GENERATION = "Order the paid video, once"
    POLL_GENERATION = "Watch the video being made"
    ARCHIVE_VIDEO = "Copy the video to the archive"
    KEEP_RECEIPT = "Write the signed consent receipt to the archive"
    ERASE_FILES = "Delete the person's files from the archive"
    AWAIT_ACCOUNT = "Wait until the upstream account is good again"
    DELIVER_WEBHOOK = "Tell the caller's webhook"
    NOTIFY = "Tell what was undelivered when a run ended"
    SPENDING = "What videos of an account may have cost, day by day"
    AWAIT_VIDEO = "Wait for the video started by an earlier run"
    AWAIT_ANSWER = "Until whoever ended the run is told that an answer is waited for"
    DEADLINE = "Deadline of the whole onboarding"
    NEXT_LOOK = "Next look at the scan"
    PAUSE_AFTER_TROUBLE = "Pause before a step without effect is tried again"
    PAUSE_BEFORE_RESEND = "Pause before the same order is sent again under its key"
