"""What may go wrong between a caller and its onboardings and persons.

OnboardingError
├── DifferentRequestError    the id is taken by another request
├── NoSuchOnboardingError    nothing of that id, or its history is past retention
├── NoSuchPersonError        nobody of that reference was ever verified here
├── NoSuchVideoError         nothing of that id, or its history is past retention
├── OnboardingEndedError     the run has ended and takes no more orders
├── PersonErasedError        the person has been erased, or the run was ended from outside
├── RefusedError             the run said no, and why
├── WorkerAwayError          no worker answered in time
└── TemporalAwayError        the Temporal server did not answer
"""

from likeness.failures import FailureCode


class OnboardingError(Exception):
    """Base of them all; the text is one sentence for whoever called."""


class DifferentRequestError(OnboardingError):
    """The id is taken by an onboarding that was asked for differently."""


class NoSuchOnboardingError(OnboardingError):
    """There is no onboarding of that id, or its history is past retention."""


class NoSuchPersonError(OnboardingError):
    """Nobody of that reference was verified, or they were erased and retention has passed."""


class NoSuchVideoError(OnboardingError):
    """There is no video of that id, or its history is past retention."""


class OnboardingEndedError(OnboardingError):
    """The onboarding, or its video, has ended and takes no more orders."""


class PersonErasedError(OnboardingError):
    """The person's run has ended, by erasure as a rule, and takes no more orders."""


class RefusedError(OnboardingError):
    """The run refused the order; the sentence says why, ``code`` too where it is one of ours."""

    def __init__(self, sentence: str, *, code: FailureCode | None = None) -> None:
        super().__init__(sentence)
        self.code = code


class WorkerAwayError(OnboardingError):
    """No worker answered in time."""


class TemporalAwayError(OnboardingError):
    """The Temporal server did not answer or refused the call."""
