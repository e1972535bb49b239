"""PixGen's GPU side on Modal. The only file that knows Modal; everything it runs is `pixgen_gpu`.

Deploy with `pnpm modal:deploy`; docs/operations.md has the steps. The worker spawns `Trainer.run` or `Generator.run`
with a ticket; there is no web endpoint. A method's return value is the job's terminal event, or `{"state": ...}`.

Methods always return normally (Modal reschedules crashed inputs without end) and `retries` is 0: attempts are counted
by PixGen, in Postgres. A pre-empted container is restarted by Modal with the same input and call id; it claims again
and resumes from its checkpoint. A fourth claim of one attempt is refused by the API, so a ticket that kills its
container ends there.

Modal says by SIGINT, on the main thread where methods run, that a container is about to go. A ticket at work then
stores a checkpoint and the method ends by KeyboardInterrupt: that is what makes Modal restart the input.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import modal
import modal.experimental

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


def _preloaded(env: Any) -> Any:
    from pixgen_gpu.models import preload_base_model
    from pixgen_gpu.run_ticket import BaseModelCache

    return BaseModelCache(lambda: preload_base_model(env.gpu_profile, env.pixgen_gpu_data_dir))


def _try(what: str, act: Callable[[], object], within_s: float = 60) -> None:
    """Do what Modal's own service may refuse or delay."""
    from pixgen_gpu.run_ticket import try_within

    if not modal.is_local():
        try_within(what, act, within_s)


class _Host:
    """One container's life: before the snapshot, after it, each ticket, the end. No hook may end the container."""

    @modal.enter(snap=True)
    def preload(self) -> None:
        """Import torch and read the base model into memory. No GPU may be touched before the snapshot is taken."""
        if env := _settings():
            self.base = _preloaded(env)
            self.base.try_now()
        _try("base_weights_commit", base_weights.commit)

    @modal.enter(snap=False)
    def open(self) -> None:
        """Bring the model to the GPU, with what other containers have compiled."""
        from pixgen_gpu.models import on_default_device
        from pixgen_gpu.run_ticket import BaseModelCache, Host

        _try("compile_caches_reload", compile_caches.reload)
        self.host = None
        if env := _settings():
            # A snapshot that was taken while the settings were wrong holds no model.
            base = getattr(self, "base", None) or _preloaded(env)
            ready = BaseModelCache(lambda: on_default_device(base()))
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
        from pixgen_gpu.run_ticket import run_input

        answer, is_gpu_lost = run_input(ticket, modal.current_function_call_id(), self.host)
        if is_gpu_lost:  # and would be for every input that came here
            _try("stop_fetching_inputs", modal.experimental.stop_fetching_inputs)
        return answer

    @modal.exit()
    def close(self) -> None:
        """Idle, redeployed or pre-empted. All of this together must fit into the 30 s that Modal gives."""
        from pixgen_gpu.run_ticket import request_stop

        request_stop(within_s=10)
        _try("compile_caches_commit", compile_caches.commit, within_s=8)
        _try("base_weights_commit", base_weights.commit, within_s=8)


@app.cls(gpu=TRAINING_GPUS, timeout=60 * MINUTES, scaledown_window=60, **shared)
class Trainer(_Host):
    """Trains LoRAs, one at a time per container."""


@app.cls(gpu=GENERATION_GPUS, timeout=30 * MINUTES, scaledown_window=120, **shared)
class Generator(_Host):
    """Draws images, one generation at a time per container."""
