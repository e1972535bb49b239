"""PixGen's GPU side on Modal. The only file that knows Modal; everything it runs is `pixgen_gpu`.

Deploy with `pnpm modal:deploy`; docs/operations.md has the steps. The worker spawns `Trainer.run` or `Generator.run`
with a ticket. Nothing here is reachable from outside: there is no web endpoint. A method's return value is the job's
terminal event, or `{"state": ...}` when there was no work to do.

Methods always return normally (Modal reschedules crashed inputs without end) and `retries` is 0: attempts are counted
by PixGen, in Postgres. A pre-empted container is restarted by Modal with the same input and call id; it claims again
and resumes from its checkpoint. A fourth claim of one attempt is refused by the API, so a ticket that kills its
container ends there.
"""

from pathlib import Path
from typing import Any

import modal

HERE = Path(__file__).parent
BASE_WEIGHTS, COMPILE_CACHES = "/base-weights", "/compile-caches"
# Ordered: Modal takes the first kind that has room. All have the 24 GB that SDXL training at 1024 px wants.
TRAINING_GPUS = ["H100", "A100-80GB", "L40S", "A10"]
GENERATION_GPUS = ["L40S", "A100-40GB", "H100", "A10"]
MINUTES = 60

app = modal.App("pixgen-gpu")
base_weights = modal.Volume.from_name("pixgen-base-weights", create_if_missing=True)
compile_caches = modal.Volume.from_name("pixgen-compile-caches", create_if_missing=True)
settings = modal.Secret.from_name("pixgen-gpu", required_keys=["PIXGEN_API_BASE"])
image = (
    modal.Image.debian_slim(python_version="3.11")
    .pip_install_from_requirements(str(HERE / "requirements.txt"))
    .env(
        {
            "GPU_PROFILE": "sdxl",
            "PIXGEN_GPU_DATA_DIR": BASE_WEIGHTS,
            "TORCHINDUCTOR_CACHE_DIR": f"{COMPILE_CACHES}/inductor",
            "TRITON_CACHE_DIR": f"{COMPILE_CACHES}/triton",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
    )
    .add_local_python_source("pixgen_gpu", ignore=["**/__pycache__"])  # with the files that it carries, not .py alone
)
shared: dict[str, Any] = {
    "image": image,
    "secrets": [settings],
    "volumes": {BASE_WEIGHTS: base_weights, COMPILE_CACHES: compile_caches},
    "retries": 0,
    "max_containers": 10,
    "startup_timeout": 20 * MINUTES,  # the first start ever downloads the base weights
    "enable_memory_snapshot": True,
    "memory": 16 * 1024,  # MiB: the base model passes through it
}


def _settings() -> Any:
    """The settings, or None when they are wrong: the log names the variable, and each call then says so."""
    from pixgen_gpu.logs import configure_logging, log_failure
    from pixgen_gpu.settings import load_settings

    configure_logging()
    try:
        return load_settings()
    except SystemExit as problem:
        log_failure("settings_wrong", problem=str(problem))
        return None


class _Host:
    """One container's life: before the snapshot, after it, each ticket, the end. No hook may end the container."""

    @modal.enter(snap=True)
    def preload(self) -> None:
        """Import torch and read the base model into memory. No GPU may be touched before the snapshot is taken."""
        from pixgen_gpu.models import preload_base_model
        from pixgen_gpu.run_ticket import BaseModelCache

        if env := _settings():
            self.base = BaseModelCache(lambda: preload_base_model(env.gpu_profile, env.pixgen_gpu_data_dir))
            self.base.try_now()
        if not modal.is_local():
            base_weights.commit()

    @modal.enter(snap=False)
    def open(self) -> None:
        """Bring the model to the GPU, with what other containers have compiled."""
        from pixgen_gpu.models import on_default_device
        from pixgen_gpu.run_ticket import BaseModelCache, Host

        if not modal.is_local():
            compile_caches.reload()
        self.host = None
        if env := _settings():
            ready = BaseModelCache(lambda: on_default_device(self.base()))
            ready.try_now()
            self.host = Host(
                env.pixgen_api_base,
                env.gpu_profile,
                ready,
                output=env.output,
                data_dir=env.pixgen_gpu_data_dir,
                captioner_dir=env.gpu_captioner_dir or None,
            )

    @modal.method()
    def run(self, ticket: dict[str, Any]) -> dict[str, Any]:
        """Run one ticket under this call's id; plain JSON-like values in and out."""
        from pydantic import ValidationError

        from pixgen_gpu.protocol import CallFinished, CallLost, Ticket
        from pixgen_gpu.run_ticket import run_ticket

        call_id = modal.current_function_call_id()
        if self.host is None or call_id is None:
            return CallLost(state="lost", reason="the app's settings are wrong: its log says which").model_dump()
        try:
            outcome = run_ticket(Ticket.model_validate(ticket), call_id, self.host)
        except ValidationError:
            outcome = CallLost(state="lost", reason="the ticket was not understood")
        answer = outcome.result if isinstance(outcome, CallFinished) else outcome
        return answer.model_dump(mode="json", by_alias=True)

    @modal.exit()
    def close(self) -> None:
        """Idle, redeployed or pre-empted: a job at work gets the grace period to end well."""
        from pixgen_gpu.run_ticket import request_stop

        request_stop()
        if not modal.is_local():
            base_weights.commit()
            compile_caches.commit()


@app.cls(gpu=TRAINING_GPUS, timeout=60 * MINUTES, scaledown_window=60, **shared)
class Trainer(_Host):
    """Trains LoRAs, one at a time per container."""


@app.cls(gpu=GENERATION_GPUS, timeout=30 * MINUTES, scaledown_window=120, **shared)
class Generator(_Host):
    """Draws images, one generation at a time per container."""
