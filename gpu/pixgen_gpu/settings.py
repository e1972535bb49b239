"""The environment, parsed once at the start of a host."""

import sys
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pixgen_gpu.output_policy import ClassifierName, OutputPolicy
from pixgen_gpu.urls import is_http_url

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
EXAMPLE_SECRET = "change-me-to-32-or-more-random-characters"


class Settings(BaseSettings):
    """Every variable of the GPU side; `.env.example` is its table and is tested against it."""

    model_config = SettingsConfigDict(env_file=Path(__file__).parents[1] / ".env", extra="ignore", frozen=True)

    pixgen_api_base: str = "http://127.0.0.1:4000"
    """Origin (and path prefix) of the API: tickets that point anywhere else are refused."""
    gpu_server_host: str = "127.0.0.1"
    gpu_server_port: int = Field(default=4100, ge=0, le=65535)
    gpu_server_secret: str = ""
    """Shared with the worker; needed to bind to anything but loopback."""
    gpu_profile: Literal["nano", "tiny", "sdxl"] = "nano"
    """The base model that this host serves."""
    pixgen_gpu_data_dir: Path = Path("data")
    """Cache of base weights and of class images."""
    gpu_captioner_dir: Path | Literal[""] = ""
    """Folder of a BLIP captioning model; empty: photos are captioned from templates."""
    safety_classifier: ClassifierName = "open-nsfw"
    """Judges every image before it leaves this host; `off` lets all pass."""
    safety_block_at: float = Field(default=0.8, gt=0, le=1)
    """Scores from here on are blocked."""
    c2pa_certificates: Path | Literal[""] = ""
    """PEM chain, leaf first; with C2PA_KEY every image is signed."""
    c2pa_key: Path | Literal[""] = ""

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        if not is_http_url(self.pixgen_api_base):
            raise ValueError("PIXGEN_API_BASE must be an http(s) URL without query")
        if self.gpu_server_secret == EXAMPLE_SECRET or 0 < len(self.gpu_server_secret) < 16:
            raise ValueError("GPU_SERVER_SECRET must be at least 16 characters and not the example value")
        if not self.gpu_server_secret and self.gpu_server_host not in LOOPBACK_HOSTS:
            raise ValueError("GPU_SERVER_SECRET must be set to bind GPU_SERVER_HOST to anything but loopback")
        if bool(self.c2pa_certificates) != bool(self.c2pa_key):
            raise ValueError("C2PA_CERTIFICATES and C2PA_KEY must be set together")
        return self

    @property
    def output(self) -> OutputPolicy:
        """What this host does with finished images."""
        return OutputPolicy(
            self.safety_classifier, self.safety_block_at, self.c2pa_certificates or None, self.c2pa_key or None
        )


def load_settings() -> Settings:
    """The settings, or exit status 1 with the variable's name (never its value) on stderr."""
    try:
        return Settings()
    except ValidationError as error:
        # Rules over several variables carry the name in their message and have no location.
        problems = error.errors(include_input=False, include_url=False)
        sys.exit("\n".join(": ".join([*(str(part).upper() for part in p["loc"]), p["msg"]]) for p in problems))
