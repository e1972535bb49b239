"""`pixgen-gpu doctor`: looks at everything a GPU host needs, and says for each thing what to do about it."""

import importlib.metadata
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

import httpx
from PIL import Image
from pydantic import ValidationError

from pixgen_gpu.card import Card, gib, read_card, too_full, too_small
from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.gpu_prices import load_prices
from pixgen_gpu.output_policy import OutputPolicy
from pixgen_gpu.profiles import PROFILES, Profile, ProfileName

LOCK = Path(__file__).parents[1] / "requirements.txt"
MB = 10**6
OLDEST_PYTHON = (3, 11)
# The files that `models.py` fetches, with their sizes in MB; tokenizers and configurations are a few MB more.
BASE_FILES = {
    "unet/diffusion_pytorch_model.fp16.safetensors": 5135,
    "text_encoder/model.fp16.safetensors": 246,
    "text_encoder_2/model.fp16.safetensors": 1389,
}
VAE_FILE, VAE_MB = "diffusion_pytorch_model.safetensors", 335
SPARE_DISK_MB = 2_000
ANSWER_WITHIN_S = 5
TINY_WEIGHTS = Path(__file__).parent / "tiny" / "weights"
# What a captioner's folder must hold, by what it is; one of the names will do.
CAPTIONER_FILES = {
    "configuration": ("config.json",),
    "safetensors": ("*.safetensors",),
    "image processor": ("preprocessor_config.json", "processor_config.json"),
    "tokenizer": ("tokenizer.json", "vocab.txt"),
}
# Signatures are refused at five minutes.
CLOCK_WARN_S, CLOCK_FAIL_S = 10, 120


@dataclass(frozen=True)
class Finding:
    """One line of the report. `fix` is empty when there is nothing to do."""

    name: str
    state: Literal["ok", "warn", "fail"]
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class Machine:
    """What is looked at. The fields are settings; the last two are how tests put another machine in place."""

    profile: ProfileName
    data_dir: Path
    api_base: str
    storage_url: str = ""
    output: OutputPolicy = field(default_factory=OutputPolicy)
    captioner_dir: Path | None = None
    uses_modal: bool = False
    lock: Path = LOCK
    card: Callable[[], Card | None] = read_card
    now: Callable[[], float] = time.time


def examine(machine: Machine) -> list[Finding]:
    """All findings, in the order in which they are best mended."""
    profile = PROFILES[machine.profile]
    missing_mb = missing_weights_mb(profile, machine.data_dir)
    return [
        check_python(),
        check_libraries(machine.lock),
        *check_card(machine),
        check_weights(profile, missing_mb),
        check_disk(machine.data_dir, missing_mb),
        check_classifier(machine.output),
        *check_signature(machine.output),
        *check_captioner(machine.captioner_dir),
        *check_api(machine),
        check_storage(machine.storage_url),
        check_prices(machine.now(), machine.uses_modal),
    ]


def report(findings: list[Finding], *, as_json: bool) -> int:
    """Print the findings; returns the exit status, 1 when anything failed."""
    failed = any(finding.state == "fail" for finding in findings)
    if as_json:
        print(json.dumps({"ok": not failed, "findings": [asdict(finding) for finding in findings]}, indent=2))
        return int(failed)
    for finding in findings:
        print(f"{finding.state:<5} {finding.name:<12} {finding.detail}")
        if finding.fix:
            print(f"{'':<18} → {finding.fix}")
    return int(failed)


def check_python() -> Finding:
    """The oldest Python that works."""
    version = sys.version.split()[0]
    if sys.version_info < OLDEST_PYTHON:
        return Finding("python", "fail", f"{version} is too old", "install Python 3.11 or newer")
    return Finding("python", "ok", version)


def check_libraries(lock: Path) -> Finding:
    """Installed packages against the lock, by version; a build tag such as +cu128 makes no difference."""
    if not lock.exists():
        return Finding("libraries", "warn", "no lock to compare with", "run this from a checkout")
    missing: list[str] = []
    other: list[str] = []
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)$", lock.read_text(), re.MULTILINE)
    for name, pinned in pins:
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if installed.partition("+")[0] != pinned:
            other.append(f"{name} {installed}, not {pinned}")
    fix = "pip install -r requirements.txt"
    if missing:
        return Finding("libraries", "fail", f"not installed: {', '.join(missing)}", fix)
    if other:
        return Finding("libraries", "warn", "; ".join(other), fix)
    return Finding("libraries", "ok", f"{len(pins)} packages as locked; torch {importlib.metadata.version('torch')}")


def check_card(machine: Machine) -> Iterator[Finding]:
    """The GPU, whether torch can use it, and its memory."""
    card = machine.card()
    if card is None:
        if PROFILES[machine.profile].base is None:
            yield Finding("card", "ok", f"none; profile {machine.profile} runs on the CPU")
        else:
            fix = "use a machine with an NVIDIA GPU and its driver, or Modal"
            yield Finding("card", "fail", f"none found; profile {machine.profile} is far too slow on a CPU", fix)
        return
    yield Finding("card", "ok", f"{card.name}, driver {card.driver}")
    import torch

    if not torch.cuda.is_available():
        fix = "install the CUDA build of torch, and a driver that is new enough for it"
        yield Finding("torch", "fail", f"torch {torch.__version__} cannot use the card", fix)
    small, full = too_small(card, machine.profile), too_full(card, machine.profile)
    sizes = f"{gib(card.free_bytes)} of {gib(card.total_bytes)} free"
    if small or full:
        detail, _, fix = (small or full or "").partition(". ")
        yield Finding("memory", "fail", detail, fix)
    else:
        yield Finding("memory", "ok", sizes)
    yield check_compiler()


def check_compiler() -> Finding:
    """What drawing at full speed on a card needs: a C compiler, and a cache from which code may be loaded."""
    compiler = next(filter(None, map(shutil.which, filter(None, (os.environ.get("CC"), "gcc", "clang", "cc")))), None)
    if compiler is None:
        fix = "install gcc and libc6-dev; without them everything is drawn, but slower"
        return Finding("compiler", "warn", "no C compiler", fix)
    for variable in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):
        folder = _existing(Path(os.environ.get(variable) or tempfile.gettempdir()))
        if os.statvfs(folder).f_flag & os.ST_NOEXEC:
            fix = f"set {variable} to a folder whose file system is not mounted noexec"
            return Finding("compiler", "warn", f"{compiler}; but nothing may be run from {folder}", fix)
    return Finding("compiler", "ok", compiler)


def missing_weights_mb(profile: Profile, data_dir: Path) -> int:
    """How much of a profile's weights is still to be downloaded."""
    if profile.base is None or profile.vae is None:
        return 0
    from huggingface_hub import try_to_load_from_cache

    wanted = [(profile.base, name, size) for name, size in BASE_FILES.items()] + [(profile.vae, VAE_FILE, VAE_MB)]
    cache = data_dir / "base-weights"
    return sum(
        size
        for repository, name, size in wanted
        if not isinstance(
            try_to_load_from_cache(repository.repo_id, name, cache_dir=cache, revision=repository.revision), str
        )
    )


def check_weights(profile: Profile, missing_mb: int) -> Finding:
    """The base model's files."""
    if profile.name == "tiny":
        return _check_tiny()
    if profile.base is None:
        return Finding("weights", "ok", f"profile {profile.name} makes its own")
    if missing_mb:
        detail = f"about {missing_mb / 1000:.1f} GB of {profile.base.repo_id} to download"
        return Finding("weights", "warn", detail, "the first job fetches them; it takes minutes")
    return Finding("weights", "ok", f"{profile.base.repo_id} is here")


def _check_tiny(folder: Path = TINY_WEIGHTS) -> Finding:
    """The files that come with the repository: there, and whole."""
    from safetensors import SafetensorError, safe_open

    fix = "they are part of the repository: git checkout -- gpu/pixgen_gpu/tiny/weights"
    for name in ("base.safetensors", "scorer.safetensors", "tokenizer.json"):
        file = folder / name
        try:
            if file.suffix == ".json":
                json.loads(file.read_bytes())
            else:
                with safe_open(file, framework="numpy") as tensors:
                    tensors.keys()
        except (OSError, ValueError, SafetensorError) as error:
            return Finding("weights", "fail", f"{name} of profile tiny: {type(error).__name__}", fix)
    return Finding("weights", "ok", "profile tiny's are here")


def check_classifier(policy: OutputPolicy) -> Finding:
    """The classifier that every image has to pass."""
    from pixgen_gpu.safety.classifier import load_classifier

    if policy.classifier == "off":
        fix = "set SAFETY_CLASSIFIER=open-nsfw, unless nobody but you sees the images"
        return Finding("classifier", "warn", "off: images leave this host unjudged", fix)
    try:
        classifier = load_classifier(policy.classifier)
        assert classifier is not None
        classifier.score(Image.new("RGB", (64, 64)))
    except Exception as error:  # noqa: BLE001 - whatever it is, no image would leave this host
        fix = "pip install -r requirements.txt"
        return Finding("classifier", "fail", f"{policy.classifier} does not work ({type(error).__name__})", fix)
    return Finding("classifier", "ok", f"{classifier.name}, blocks from {policy.block_at}")


def check_signature(policy: OutputPolicy) -> Iterator[Finding]:
    """The files that images are signed with, by signing one."""
    from pixgen_gpu.provenance import Signer, image_file

    if not policy.c2pa_certificates:
        return
    try:
        image_file(Image.new("RGB", (64, 64)), {}, signer=Signer.read(policy.c2pa_certificates, policy.c2pa_key))
    except (OSError, ValueError, GpuFailure) as error:
        fix = "C2PA_CERTIFICATES takes a PEM chain, leaf first, and C2PA_KEY the leaf's own P-256 key"
        yield Finding("c2pa", "fail", f"an image cannot be signed ({type(error).__name__})", fix)
        return
    yield Finding("c2pa", "ok", f"signs with {policy.c2pa_certificates}")


def check_captioner(folder: Path | None) -> Iterator[Finding]:
    """The folder of the model that captions photos."""
    if folder is None:
        return
    missing = [
        what for what, names in CAPTIONER_FILES.items() if not any(file for name in names for file in folder.glob(name))
    ]
    if missing:
        fix = "save a BLIP captioning model there with transformers' save_pretrained, or empty GPU_CAPTIONER_DIR"
        yield Finding("captioner", "fail", f"{folder} has no {', '.join(missing)}", fix)
        return
    yield Finding("captioner", "ok", f"{folder}")


def _existing(folder: Path) -> Path:
    """A folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return folder


def check_disk(data_dir: Path, missing_mb: int) -> Finding:
    """Room for what is still to be downloaded, and some more."""
    folder = _existing(data_dir)
    free_mb = shutil.disk_usage(folder).free // MB
    needed_mb = missing_mb + SPARE_DISK_MB
    detail = f"{free_mb / 1000:.1f} GB free in {folder}"
    if free_mb < needed_mb:
        fix = f"free {(needed_mb - free_mb) / 1000:.1f} GB, or set PIXGEN_GPU_DATA_DIR to another disk"
        return Finding("disk", "fail", f"{detail}, {needed_mb / 1000:.1f} GB wanted", fix)
    return Finding("disk", "ok", detail)


def check_api(machine: Machine) -> Iterator[Finding]:
    """The API as this machine reaches it, and how far the two clocks are apart."""
    url = f"{machine.api_base.rstrip('/')}/healthz"
    started = machine.now()
    try:
        answer = httpx.get(url, timeout=ANSWER_WITHIN_S, trust_env=False)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        fix = "start the API, or set PIXGEN_API_BASE to its address as this machine reaches it"
        yield Finding("api", "fail", f"{machine.api_base} does not answer ({type(error).__name__})", fix)
        return
    yield Finding("api", "ok", f"{machine.api_base} answers")
    try:
        theirs = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        yield Finding("clock", "warn", "the API sends no date", "compare the clocks by hand")
        return
    # The header has whole seconds, and the answer took a while.
    apart = max(0.0, abs((started + machine.now()) / 2 - theirs - 0.5) - 0.5)
    state = "fail" if apart > CLOCK_FAIL_S else "warn" if apart > CLOCK_WARN_S else "ok"
    fix = "" if state == "ok" else "set the clock of this machine by NTP; signatures hold for minutes only"
    yield Finding("clock", state, f"{apart:.0f} s from the API's", fix)


def check_storage(url: str) -> Finding:
    """The object store: any answer will do, even a refusal."""
    if not url:
        fix = "name the store as GPUs reach it: --storage URL, or S3_PUBLIC_ENDPOINT"
        return Finding("storage", "warn", "not checked", fix)
    try:
        status = httpx.get(url, timeout=ANSWER_WITHIN_S, trust_env=False).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        fix = "set S3_PUBLIC_ENDPOINT of API and worker to an address that this machine reaches"
        return Finding("storage", "fail", f"{url} does not answer ({type(error).__name__})", fix)
    if status >= 500:
        return Finding("storage", "fail", f"{url} answers {status}", "look at the store's own log")
    return Finding("storage", "ok", f"{url} answers")


def check_prices(now_s: float, uses_modal: bool) -> Finding:
    """The age of the price table that estimates of Modal's cost are made with."""
    fix = "compare gpu_prices.json with the provider's pricing page, and set readOn"
    try:
        prices = load_prices()
    except (OSError, ValidationError):
        return Finding("prices", "fail", "the price table cannot be read", fix)
    days = prices.age_days(datetime.fromtimestamp(now_s, UTC).date())
    detail = f"read on {prices.read_on}, {days} days ago{'' if prices.verified else ', not verified by this project'}"
    if days > prices.stale_after_days:
        return Finding("prices", "fail" if uses_modal else "warn", detail, fix)
    return Finding("prices", "ok", detail)
