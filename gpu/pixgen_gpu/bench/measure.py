"""Timing, FLOP counts and the machine's ceilings."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import FlopCounterMode

from pixgen_gpu.bench.subject import unet_on_meta, vae_on_meta
from pixgen_gpu.profiles import ProfileName
from pixgen_gpu.training.config import TrainConfig


def sync(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def times_s(
    work: Callable[[], Any], device: torch.device, repeats: int, *, warmup: int = 1, within_s: float = float("inf")
) -> list[float]:
    """Wall times of `work` in seconds, each from an idle device to an idle device: `repeats` of them, or as many as
    begin `within_s` after the warm-up, but one at least."""
    times: list[float] = []
    for _ in range(warmup):
        work()
    sync(device)
    first = time.perf_counter()
    while len(times) < repeats and (not times or time.perf_counter() - first < within_s):
        sync(device)
        started = time.perf_counter()
        work()
        sync(device)
        times.append(time.perf_counter() - started)
    return times


def median_s(work: Callable[[], Any], device: torch.device, repeats: int, warmup: int = 1) -> float:
    """Median of `times_s`."""
    return statistics.median(times_s(work, device, repeats, warmup=warmup))


def measure_ceilings(device: torch.device, dtype: torch.dtype, repeats: int) -> dict[str, float]:
    """What the machine can do: `matmul_tflops`, `bandwidth_gbs` (read + written), `sdpa_tflops`."""
    side, copied, tokens = (8192, 2**30, 4096) if device.type == "cuda" else (512, 2**24, 256)
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    source = torch.empty(copied, device=device, dtype=torch.uint8)
    target = torch.empty_like(source)
    # The self-attention of SDXL's 64 x 64 level with guidance.
    q, k, v = (torch.randn(2, 10, tokens, 64, device=device, dtype=dtype) for _ in range(3))
    inner = 20 if device.type == "cuda" else 1

    def many(work: Callable[[], Any]) -> float:
        def run() -> None:
            for _ in range(inner):
                work()

        return median_s(run, device, repeats) / inner

    return {
        "matmul_tflops": 2 * side**3 / many(lambda: a @ b) / 1e12,
        "bandwidth_gbs": 2 * copied / many(lambda: target.copy_(source)) / 1e9,
        "sdpa_tflops": 4 * 2 * 10 * tokens**2 * 64 / many(lambda: scaled_dot_product_attention(q, k, v)) / 1e12,
    }


def _unet_inputs(unet: Any, batch: int, px: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
    config, device = unet.config, unet.device
    pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
    side = px // 8
    conditions = {
        "text_embeds": torch.zeros(batch, pooled, device=device, dtype=unet.dtype),
        "time_ids": torch.zeros(batch, 6, device=device),
    }
    sample = torch.zeros(batch, 4, side, side, device=device, dtype=unet.dtype)
    tokens = torch.zeros(batch, 77, config.cross_attention_dim, device=device, dtype=unet.dtype)
    timestep = torch.zeros((), device=device)
    return (sample, timestep, tokens), {"added_cond_kwargs": conditions, "return_dict": False}


def unet_flops(profile: ProfileName, px: int, batch: int = 1) -> int:
    """FLOPs of one forward pass, counted operation by operation on shapes alone."""
    unet = unet_on_meta(profile)
    inputs, options = _unet_inputs(unet, batch, px)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        unet(*inputs, **options)
    return counter.get_total_flops()


def decode_flops(profile: ProfileName, px: int) -> int:
    """FLOPs of decoding one image."""
    vae: Any = vae_on_meta(profile)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        vae.decode(torch.zeros(1, 4, px // 8, px // 8, device="meta"))
    return counter.get_total_flops()


def training_flops(profile: ProfileName, px: int, batch: int, config: TrainConfig) -> int:
    """FLOPs of one training step of a LoRA: forward, and backward through frozen weights to the LoRA's own."""
    from peft import LoraConfig

    from pixgen_gpu.lora import ATTENTION_LINEARS

    unet: Any = unet_on_meta(profile)
    unet.requires_grad_(False)
    with torch.device("meta"):
        unet.add_adapter(LoraConfig(r=config.rank, lora_alpha=config.rank, target_modules=list(ATTENTION_LINEARS)))
    inputs, options = _unet_inputs(unet, batch, px)
    with FlopCounterMode(display=False) as counter:
        unet(*inputs, **options)[0].sum().backward()
    return counter.get_total_flops()


def unet_forward_s(unet: Any, px: int, batch: int, repeats: int) -> float:
    """Median seconds of one forward pass as it stands."""
    inputs, options = _unet_inputs(unet, batch, px)
    with torch.inference_mode():
        return median_s(lambda: unet(*inputs, **options), unet.device, repeats, warmup=2)
