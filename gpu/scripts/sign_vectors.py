"""Signs and verifies webhooks for `pnpm fuzz vectors`: one JSON object per line in, one per line out.

`{"secret", "id", "timestamp", "body" (base64)}` is answered `{"signature"}`, as this side's sender puts it into the
header. With `"signatures"` it is answered `{"verified": [true, …]}`: what the published library says of each.
"""

import base64
import json
import sys
from datetime import UTC, datetime

from standardwebhooks import Webhook, WebhookVerificationError

from pixgen_gpu.events import signed_headers


def answer(request: dict) -> dict:
    body = base64.b64decode(request["body"])
    at = datetime.fromtimestamp(request["timestamp"], UTC)
    headers = signed_headers(request["secret"], request["id"], at, body)
    if "signatures" not in request:
        return {"signature": headers["webhook-signature"]}
    return {
        "verified": [
            verifies(request["secret"], body, headers | {"webhook-signature": signature})
            for signature in request["signatures"]
        ]
    }


def verifies(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    """True when the library accepts the message now."""
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except WebhookVerificationError:
        return False
    return True


def main() -> None:
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
