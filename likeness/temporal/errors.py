"""What may go wrong between a caller and its onboardings.

OnboardingError
├── DifferentRequestError    the id is taken by another request
├── NoSuchOnboardingError    nothing of that id, or its history is past retention
├── OnboardingEndedError     the run has ended and takes no more orders
├── RefusedError             the run said no, and why
├── WorkerAwayError          no worker answered in time
└── TemporalAwayError        the Temporal server did not answer
"""


class OnboardingError(Exception):
    """Base of them all; the text is one sentence for whoever called."""


class DifferentRequestError(OnboardingError):
    """The id is taken by an onboarding that was asked for differently."""


class NoSuchOnboardingError(OnboardingError):
    """There is no onboarding of that id, or its history is past retention."""


class OnboardingEndedError(OnboardingError):
    """The onboarding has ended and takes no more orders."""


class RefusedError(OnboardingError):
    """The onboarding refused the order; the sentence says why."""


class WorkerAwayError(OnboardingError):
    """No worker answered in time."""


class TemporalAwayError(OnboardingError):
    """The Temporal server did not answer or refused the call."""
