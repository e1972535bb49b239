"""PixGen's GPU side on Modal. The only file that knows Modal; everything it runs is `pixgen_gpu`.

Deploy (with a Modal token in the environment):

    modal secret create pixgen-gpu PIXGEN_API_BASE=https://api.example.org
    modal deploy gpu/modal_app.py

The worker spawns `Trainer.run` or `Generator.run` with a ticket. Nothing here is reachable from outside: there is no
web endpoint. A method's return value is the job's terminal event, or `{"state": ...}` when there was no work to do.

Methods always return normally (Modal reschedules crashed inputs without end) and `retries` is 0: attempts are counted
by PixGen, in Postgres. A pre-empted container is restarted by Modal with the same input and call id; it claims again
and resumes from its checkpoint.
"""

from pathlib import Path
from typing import Any

import modal

HERE = Path(__file__).parent
CACHE = "/cache"
# Ordered: Modal takes the first kind that has room. All have the 24 GB that SDXL training at 1024 px wants.
TRAINING_GPUS = ["H100", "A100-80GB", "L40S", "A10G"]
GENERATION_GPUS = ["L40S", "A100-40GB", "H100", "A10G"]
MINUTES = 60

app = modal.App("pixgen-gpu")
base_weights = modal.Volume.from_name("pixgen-base-weights", create_if_missing=True)
settings = modal.Secret.from_name("pixgen-gpu", required_keys=["PIXGEN_API_BASE"])
image = (
    modal.Image.debian_slim(python_version="3.11")
    .pip_install_from_requirements(str(HERE / "requirements.txt"))
    .env({"GPU_PROFILE": "sdxl", "PIXGEN_GPU_DATA_DIR": CACHE, "HF_HUB_DISABLE_TELEMETRY": "1"})
    .add_local_python_source("pixgen_gpu")
)
shared: dict[str, Any] = {
    "image": image,
    "secrets": [settings],
    "volumes": {CACHE: base_weights},
    "retries": 0,
    "startup_timeout": 20 * MINUTES,  # the first start ever downloads the base weights
}


def _open_host() -> Any:
    """Load the base model once per container."""
    from pixgen_gpu.logs import configure_logging
    from pixgen_gpu.models import load_base_model
    from pixgen_gpu.run_ticket import BaseModelCache, Host
    from pixgen_gpu.settings import load_settings

    configure_logging()
    env = load_settings()
    cache = BaseModelCache(lambda: load_base_model(env.gpu_profile, env.pixgen_gpu_data_dir))
    cache()
    base_weights.commit()
    return Host(env.pixgen_api_base, env.gpu_profile, cache, env.output)


def _run(ticket: dict[str, Any], host: Any) -> dict[str, Any]:
    """Run one ticket under this call's id; plain JSON-like values in and out."""
    from pixgen_gpu.protocol import CallFinished, Ticket
    from pixgen_gpu.run_ticket import run_ticket

    call_id = modal.current_function_call_id()
    assert call_id is not None
    outcome = run_ticket(Ticket.model_validate(ticket), call_id, host)
    answer = outcome.result if isinstance(outcome, CallFinished) else outcome
    return answer.model_dump(mode="json", by_alias=True)


@app.cls(gpu=TRAINING_GPUS, timeout=60 * MINUTES, max_containers=10, scaledown_window=60, **shared)
class Trainer:
    """Trains LoRAs, one at a time per container."""

    @modal.enter()
    def open(self) -> None:
        self.host = _open_host()

    @modal.method()
    def run(self, ticket: dict[str, Any]) -> dict[str, Any]:
        return _run(ticket, self.host)


@app.cls(gpu=GENERATION_GPUS, timeout=30 * MINUTES, max_containers=10, scaledown_window=120, **shared)
class Generator:
    """Draws images, one generation at a time per container."""

    @modal.enter()
    def open(self) -> None:
        self.host = _open_host()

    @modal.method()
    def run(self, ticket: dict[str, Any]) -> dict[str, Any]:
        return _run(ticket, self.host)
