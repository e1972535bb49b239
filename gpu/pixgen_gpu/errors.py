"""Failures with a public code, and the reasons to stop work early."""

import sys
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


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device's memory did not suffice, by the allocator or by a call that went past it."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (type(error).__name__ == "AcceleratorError" and "out of memory" in str(error))
    )


def is_device_lost(error: BaseException) -> bool:
    """Whether the GPU cannot be used by this process any more: after an illegal access or a card that fell off the bus
    every later call fails as well, so the process has to go. Never imports torch."""
    torch = sys.modules.get("torch")
    if torch is None or is_out_of_memory(error):
        return False
    if isinstance(error, torch.AcceleratorError):
        return True
    if not torch.cuda.is_initialized():
        return False
    try:
        torch.cuda.synchronize()
    except Exception:  # noqa: BLE001 - whatever it says: a device that cannot be waited for is lost
        return True
    return False


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
