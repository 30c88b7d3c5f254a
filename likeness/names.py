"""Names of workflows and their messages, each spelled once."""

ONBOARD_PERSON = "OnboardPerson"
GENERATE_VIDEO = "GenerateVideo"
KEY_CHECK = "KeyCheck"

OPEN_SESSION = "open_session"
FINISHED = "finished"
DECLINE = "decline"
CANCEL = "cancel"
VERIFICATION_CALLBACK = "verification_callback"
STATUS = "status"
