"""A little API and object store over real HTTP, with faults to switch on. Records everything it was sent."""

import base64
import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
TOKEN = "ab" * 32
JOB_ID = "019aaaaa-0000-7000-8000-000000000001"


class FakeApi:
    """Claims, uploads, events and storage of one job. Use as a context manager."""

    def __init__(self) -> None:
        self.order: dict[str, Any] = {}
        self.claim_status = 200
        self.event_faults: dict[str, list[int]] = defaultdict(list)
        """Statuses to answer to the next events of a type, in order, before accepting them."""
        self.upload_faults: list[int] = []
        self.put_faults: list[int] = []
        self.broken_images: set[str] = set()
        """Images whose PUTs are all refused."""
        self.on_event: Callable[[dict[str, Any]], None] = lambda _event: None
        self.objects: dict[str, bytes] = {}
        self.claims: list[dict[str, Any]] = []
        self.uploads: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.deliveries: list[tuple[str, str, int]] = []
        """(event type, webhook id, answered status) of every try."""
        self.bad_signatures = 0
        self._arrived = threading.Condition()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                data = api.objects.get(self.path.partition("?")[0].lstrip("/"))
                self._answer(404 if data is None else 200, data or b"")

            def do_PUT(self) -> None:
                self._answer(api.put(self.path, self._body(), {k.lower(): v for k, v in self.headers.items()}), b"")

            def do_POST(self) -> None:
                status, answer = api.post(self.path, self._body(), {k.lower(): v for k, v in self.headers.items()})
                self._answer(status, json.dumps(answer).encode())

            def _body(self) -> bytes:
                return self.rfile.read(int(self.headers.get("content-length", "0")))

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "FakeApi":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def ticket(self) -> dict[str, Any]:
        return {"jobId": JOB_ID, "attempt": 1, "token": TOKEN, "claimUrl": f"{self.base}/gpu/claim"}

    def source(self, name: str, data: bytes) -> dict[str, Any]:
        """Put a file into storage and return how a work order refers to it."""
        self.objects[name] = data
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        return {"url": f"{self.base}/{name}?X-Amz-Signature=canary", "sizeBytes": len(data), "sha256": digest}

    def head(self, kind: str) -> dict[str, Any]:
        """What every work order has."""
        return {
            "kind": kind,
            "jobId": JOB_ID,
            "attempt": 1,
            "claimEpoch": 1,
            "signingSecret": SECRET,
            "eventsUrl": f"{self.base}/webhooks/gpu",
            "uploadsUrl": f"{self.base}/gpu/uploads",
            "profile": "nano",
        }

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        with self._arrived:
            return [event for event in self.events if event["type"] == kind]

    def wait_for(self, kind: str, count: int = 1, timeout_s: float = 20) -> list[dict[str, Any]]:
        """Block until `count` accepted events of a type have arrived."""

        def arrived() -> list[dict[str, Any]]:
            return [event for event in self.events if event["type"] == kind]

        with self._arrived:
            assert self._arrived.wait_for(lambda: len(arrived()) >= count, timeout_s), f"no {count} {kind} events"
            return arrived()

    def put(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        if self.put_faults:
            return self.put_faults.pop(0)
        if headers.get("x-amz-checksum-sha256") != base64.b64encode(hashlib.sha256(body).digest()).decode():
            return 400
        key = path.partition("?")[0].lstrip("/")
        if key.endswith("-broken"):
            return 403
        if key in self.objects:
            return 412
        self.objects[key] = body
        return 200

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        message = json.loads(body)
        if path == "/gpu/claim":
            self.claims.append(message)
            return self.claim_status, self.order if self.claim_status == 200 else {"code": "GONE"}
        if path == "/gpu/uploads":
            return self._upload(message)
        if path == "/webhooks/gpu":
            return self._event(message, body, headers), {}
        return 404, {}

    def _upload(self, message: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.upload_faults:
            return self.upload_faults.pop(0), {}
        self.uploads.append(message)
        broken = "-broken" if message["imageId"] in self.broken_images else ""
        key = f"j/a1/e1/{len(self.uploads)}-{message['purpose']}{broken}"
        headers = {"content-type": message["contentType"], "x-amz-checksum-sha256": message["sha256"]}
        return 200, {"url": f"{self.base}/{key}?X-Amz-Signature=canary", "headers": headers, "key": key}

    def _event(self, message: dict[str, Any], body: bytes, headers: dict[str, str]) -> int:
        try:
            Webhook(SECRET).verify(body, headers)
        except Exception:  # noqa: BLE001
            self.bad_signatures += 1
            return 401
        faults = self.event_faults[message["type"]]
        status = faults.pop(0) if faults else 202
        with self._arrived:
            self.deliveries.append((message["type"], headers["webhook-id"], status))
            if status == 202:
                self.events.append(message)
            self._arrived.notify_all()
        if status == 202:
            self.on_event(message)
        return status
