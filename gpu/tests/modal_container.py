"""A Modal container on this machine, for tests: runs `modal_app`'s own classes without an account.

One JSON object per line in: `{"className", "callId", "args": [positional, keyword]}`; one per line out: what the
method returned. The life cycle hooks run as they do on Modal: before the snapshot, after it, and at the end. SIGINT
ends it by KeyboardInterrupt, as it ends a container.

`MODAL_FAULT` is what goes wrong: `volumes` (every commit and reload fails) or `snapshot` (it was taken while the
settings were wrong).
"""

import json
import os
import sys
import warnings
from typing import Any

from modal._runtime.execution_context import _set_current_context_ids

import modal_app


class _BadVolume:
    def commit(self) -> None:
        raise RuntimeError("the volume's service is not available")

    reload = commit


def _have_a_bad_day(fault: str) -> None:
    if fault == "volumes":
        modal_app.modal.is_local = lambda: False  # type: ignore[assignment]
        modal_app.base_weights = modal_app.compile_caches = _BadVolume()  # type: ignore[assignment]
    if fault == "snapshot":
        read, first = modal_app._settings, iter([None])
        modal_app._settings = lambda: next(first, read())


def main() -> None:
    """Serve until stdin ends. stdout carries answers alone."""
    _have_a_bad_day(os.environ.get("MODAL_FAULT", ""))
    warnings.simplefilter("ignore")  # Modal's remark that volumes are not mounted here
    objects: dict[str, Any] = {}
    try:
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
    finally:
        close: Any = modal_app._Host.close
        for host in objects.values():
            close._get_raw_f()(host._cached_user_cls_instance())


if __name__ == "__main__":
    main()
