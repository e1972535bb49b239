"""A Modal container on this machine, for tests: runs `modal_app`'s own classes without an account.

One JSON object per line in: `{"className", "callId", "args": [positional, keyword]}`; one per line out: what the
method returned. The life cycle hooks run as they do on Modal: before the snapshot, after it, and at the end.
"""

import json
import sys
import warnings
from typing import Any

from modal._runtime.execution_context import _set_current_context_ids

import modal_app


def main() -> None:
    """Serve until stdin ends. stdout carries answers alone."""
    warnings.simplefilter("ignore")  # Modal's remark that volumes are not mounted here
    objects: dict[str, Any] = {}
    for line in sys.stdin:
        call = json.loads(line)
        host = objects.setdefault(call["className"], None) or getattr(modal_app, call["className"])()
        objects[call["className"]] = host
        positional, keyword = call["args"]
        reset = _set_current_context_ids(["in-local"], [call["callId"]], [""])
        try:
            answer = host.run.local(*positional, **keyword)
        finally:
            reset()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
