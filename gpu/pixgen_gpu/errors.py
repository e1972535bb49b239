"""Failures with a public code, and the reasons to stop work early."""

from typing import Literal, get_args

from pixgen_gpu.protocol import FailedEvent

FailureCode = Literal[
    "GPU_OUT_OF_MEMORY",
    "GPU_LOST",
    "BASE_MODEL_UNAVAILABLE",
    "PHOTO_UNREADABLE",
    "WEIGHTS_UNREADABLE",
    "DOWNLOAD_FAILED",
    "UPLOAD_FAILED",
    "TOO_MANY_CLAIMS",
    "SAFETY_BLOCKED",
    "CANCELLED",
    "INVALID_WORK_ORDER",
    "GPU_INTERNAL",
]
# The list above exists for type checkers only; the protocol's own list is the truth.
assert set(get_args(FailureCode)) == set(get_args(FailedEvent.model_fields["code"].annotation))

RETRYABLE: frozenset[FailureCode] = frozenset(
    # A new attempt gets fresh URLs, maybe another GPU; everything else would fail again in the same way.
    ("GPU_OUT_OF_MEMORY", "GPU_LOST", "BASE_MODEL_UNAVAILABLE", "DOWNLOAD_FAILED", "UPLOAD_FAILED", "GPU_INTERNAL")
)


class GpuFailure(Exception):
    """Work that cannot go on, with the code that the user's side maps to a message.

    `detail` is for the log: it must hold no URL, token, prompt or path.
    """

    def __init__(self, code: FailureCode, detail: str = "", *, retryable: bool | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code: FailureCode = code
        self.detail = detail
        self.retryable = code in RETRYABLE if retryable is None else retryable


StopReason = Literal["superseded", "cancelled", "preempted"]


class StopWork(Exception):
    """The work ends here: no result is reported.

    `superseded`: the API answered 410 (job cancelled or finished, or a newer claim holds it). `cancelled`: this host's
    own cancel was called. `preempted`: the host is about to go; the work is still wanted, elsewhere, so a training
    leaves a checkpoint behind.
    """

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason)
        self.reason: StopReason = reason
