"""Moving files between the GPU and storage: presigned GETs in, requested PUTs out, both bounded and checked."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any, Literal, Protocol

import httpx
from pydantic import ValidationError

from pixgen_gpu.errors import GpuFailure, StopWork
from pixgen_gpu.events import Retry, StopSignal, send_with_retry
from pixgen_gpu.protocol import GenerateOrder, StoredObject, Ticket, TrainOrder, UploadAnswer, UploadRequest

MAX_PHOTO_BYTES = 16 * 1024 * 1024
MAX_WEIGHTS_BYTES = 3 * 1024 * 1024 * 1024
"""What one upload may hold: a checkpoint that was stored must be readable again."""
DOWNLOAD_TIMEOUT = httpx.Timeout(10, read=60)
UPLOAD_TIMEOUT = httpx.Timeout(10, read=60, write=120)

ContentType = Literal["image/png", "image/webp", "application/octet-stream"]
Purpose = Literal["weights", "kohya-weights", "checkpoint", "sample", "image"]


class SourceFile(Protocol):
    """A presigned GET as the work order gives it."""

    url: str
    size_bytes: int
    sha256: str | None


def sha256_base64(data: bytes) -> str:
    """The form that S3 checksums use."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def download(client: httpx.Client, source: SourceFile, max_bytes: int, retry: Retry, stop: StopSignal) -> bytes:
    """Fetch a file of exactly the promised size, and digest where one was promised.

    Never holds more than `max_bytes`, whatever the server sends. Raises GpuFailure DOWNLOAD_FAILED.
    """
    if source.size_bytes > max_bytes:
        raise GpuFailure("DOWNLOAD_FAILED", "larger than allowed", retryable=False)

    def fetch() -> httpx.Response:
        with client.stream("GET", source.url, timeout=DOWNLOAD_TIMEOUT) as response:
            data = bytearray()
            for chunk in response.iter_bytes():
                stop.check()
                data += chunk
                if len(data) > source.size_bytes:
                    break  # the size check below refuses it
            return httpx.Response(response.status_code, content=bytes(data))

    try:
        response = send_with_retry(fetch, retry, stop, what="download")
    except httpx.HTTPError as error:
        raise GpuFailure("DOWNLOAD_FAILED", type(error).__name__) from error
    if not response.is_success:
        raise GpuFailure("DOWNLOAD_FAILED", f"status {response.status_code}")
    data = response.content
    if len(data) != source.size_bytes:
        raise GpuFailure("DOWNLOAD_FAILED", "not of the promised size")
    if source.sha256 is not None and sha256_base64(data) != source.sha256:
        raise GpuFailure("DOWNLOAD_FAILED", "not of the promised digest")
    return data


class Uploader:
    """Stores objects for one claim: asks the API for a signed PUT, then sends exactly that."""

    def __init__(
        self,
        client: httpx.Client,
        ticket: Ticket,
        order: TrainOrder | GenerateOrder,
        retry: Retry,
        stop: StopSignal,
    ) -> None:
        self._client, self._retry, self._stop = client, retry, stop
        self._url = order.uploads_url
        self._head: dict[str, Any] = {
            "job_id": order.job_id,
            "attempt": order.attempt,
            "token": ticket.token,
            "claim_epoch": order.claim_epoch,
        }

    def upload(
        self,
        data: bytes,
        purpose: Purpose,
        content_type: ContentType,
        *,
        image_id: str | None = None,
        step: int | None = None,
    ) -> StoredObject:
        """Store `data` and return its key, size and digest.

        A PUT that is refused (its signature ran out) is asked for once more. Raises GpuFailure UPLOAD_FAILED, and
        StopWork when the API says that the job no longer wants it.
        """
        digest = sha256_base64(data)
        request = UploadRequest(
            **self._head,
            purpose=purpose,
            image_id=image_id,
            step=step,
            content_type=content_type,
            size_bytes=len(data),
            sha256=digest,
        )
        status = 0
        for _ in range(2):
            answer = self._ask(request)
            put = self._call(
                lambda answer=answer: self._client.put(
                    answer.url, content=data, headers=answer.headers, timeout=UPLOAD_TIMEOUT
                ),
                "upload",
            )
            # 412: `If-None-Match` found the object; an earlier try had stored these very bytes (the digest is signed).
            if put.is_success or put.status_code == 412:
                return StoredObject(key=answer.key, size_bytes=len(data), sha256=digest)
            status = put.status_code
        raise GpuFailure("UPLOAD_FAILED", f"storage answered {status}")

    def _ask(self, request: UploadRequest) -> UploadAnswer:
        response = self._call(
            lambda: self._client.post(self._url, json=request.model_dump(by_alias=True), timeout=15), "upload_request"
        )
        if response.status_code == 410:
            stop = StopWork("superseded")
            self._stop.set(stop)
            raise stop
        if not response.is_success:
            raise GpuFailure("UPLOAD_FAILED", f"API answered {response.status_code}")
        try:
            return UploadAnswer.model_validate_json(response.content)
        except ValidationError as error:
            raise GpuFailure("UPLOAD_FAILED", "upload answer not understood") from error

    def _call(self, send: Callable[[], httpx.Response], what: str) -> httpx.Response:
        try:
            return send_with_retry(send, self._retry, self._stop, what=what)
        except httpx.HTTPError as error:
            raise GpuFailure("UPLOAD_FAILED", type(error).__name__) from error
