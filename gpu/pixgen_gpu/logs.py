"""Structured logs: one JSON object per line, without tokens, URLs, prompts or exception messages."""

import json
import logging
import sys
import time
import traceback
from typing import Any

_logger = logging.getLogger("pixgen_gpu")


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            # Exception messages of HTTP and tokenizer code quote URLs and prompts: type and frames only.
            frames = traceback.extract_tb(record.exc_info[2])
            line["error"] = record.exc_info[0].__name__
            line["frames"] = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logging(level: str = "INFO") -> None:
    """Send our log lines to stderr as JSON and silence libraries that log URLs."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _logger.setLevel(level)
    for noisy in ("httpx", "httpcore", "urllib3", "filelock"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def log(event: str, **fields: Any) -> None:
    """One line for a fact worth keeping; `fields` hold ids, counts and milliseconds only."""
    _logger.info(event, extra={"fields": fields})


def log_failure(event: str, **fields: Any) -> None:
    """One error line; inside an `except` block it carries the exception's type and frames."""
    _logger.error(event, exc_info=sys.exc_info()[0] is not None, extra={"fields": fields})
