"""Inference: plain diffusers first, on untouched weights, then ours on the same ones."""

from statistics import median
from typing import Any

import torch

from pixgen_gpu.bench.baseline import pipeline_of
from pixgen_gpu.bench.measure import decode_flops, median_s, sync, times_s, unet_flops, unet_forward_s
from pixgen_gpu.bench.numerics import fused_error
from pixgen_gpu.bench.subject import Sizes, make_lora
from pixgen_gpu.generation.config import GenerateConfig, ImagePlan, RenderedImage
from pixgen_gpu.generation.generate import generate
from pixgen_gpu.lora import LoraState, lora_from_bytes, lora_to_bytes
from pixgen_gpu.models import BaseModel
from pixgen_gpu.provenance import image_file

PROMPT = "a photo of sks_abc234 dog on a beach at sunset, detailed"
GUIDANCE = 5.0
TERA = 1e12
BASELINE_WITHIN_S, PACKS_WITHIN_S = 18, 80
"""As many repetitions as begin in this time."""


def _compiled_graphs() -> int:
    return int(torch._dynamo.utils.counters["stats"]["unique_graphs"])


class Inference:
    """The measurements of drawing; each method returns facts by name and goals by key."""

    def __init__(self, base: BaseModel, sizes: Sizes, matmul_tflops: float) -> None:
        self._base, self._sizes = base, sizes
        self._flops_per_s = matmul_tflops * TERA
        self._lora: LoraState = make_lora(base.unet, sizes.rank, 1)
        self._baseline_s: float | None = None
        self.times: dict[str, int] = {}
        """Of how many measurements a goal's value is the median."""

    def numerics(self) -> dict[str, float]:
        """G13, before anything is fused or compiled."""
        return {"G13": fused_error(self._base.unet, self._lora, self._sizes.small_px)}

    def baseline(self) -> dict[str, float]:
        """The plain pipeline, without a LoRA and with one as adapters."""
        sizes, pipeline = self._sizes, pipeline_of(self._base)

        def draw() -> Any:
            return pipeline(
                prompt=PROMPT,
                negative_prompt="",
                height=sizes.px,
                width=sizes.px,
                num_inference_steps=sizes.steps,
                guidance_scale=GUIDANCE,
            )

        plain = times_s(draw, self._base.device, sizes.repeats, within_s=BASELINE_WITHIN_S)
        self._baseline_s = median(plain)
        unet: Any = self._base.unet
        unet.load_lora_adapter(self._lora, prefix="unet")
        with_lora = times_s(draw, self._base.device, sizes.repeats, within_s=BASELINE_WITHIN_S)
        unet.unload_lora()
        self.times["G3"] = len(plain)
        return {
            "baseline_s": self._baseline_s,
            "baseline_lora_s": median(with_lora),
            "baseline_times": len(plain),
            "baseline_lora_times": len(with_lora),
        }

    def _draw(self, plans: list[ImagePlan], steps: int, lora: LoraState | None, batch: int) -> None:
        sizes = self._sizes
        config = GenerateConfig(sizes.px, sizes.px, steps, GUIDANCE, 1.0)
        files: list[bytes] = []

        def keep(result: Any) -> None:
            assert isinstance(result, RenderedImage), result
            files.append(image_file(result.image, {"seed": result.plan.seed}))

        generate(config, plans, self._base, lora, keep, max_batch=batch)
        assert len(files) == len(plans)

    def _plans(self, count: int) -> list[ImagePlan]:
        return [ImagePlan(f"image-{n}", f"{PROMPT}, number {n // 8}", "", n) for n in range(count)]

    def _floor_s(self, steps: int) -> float:
        sizes = self._sizes
        unet, decode = unet_flops(sizes.profile, sizes.px), decode_flops(sizes.profile, sizes.px)
        return (2 * steps * unet + decode) / self._flops_per_s

    def latency(self) -> dict[str, float]:
        """G1, G3 and G12a: one image, from its prompt to its file."""
        sizes, device = self._sizes, self._base.device
        started = median_s(lambda: self._draw(self._plans(1), sizes.steps, self._lora, 1), device, 1, warmup=0)
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        took = median_s(lambda: self._draw(self._plans(1), sizes.steps, self._lora, 1), device, sizes.repeats)
        floor = self._floor_s(sizes.steps)
        self.times |= {"G1": sizes.repeats, "G3": min(sizes.repeats, self.times.get("G3", sizes.repeats))}
        facts = {"ours_s": took, "floor_s": floor, "first_image_s": started, "G1": took / floor}
        if device.type == "cuda":
            facts["G12a"] = torch.cuda.max_memory_allocated() / 1e9
        if self._baseline_s is not None:
            facts["G3"] = self._baseline_s / took
        return facts

    def lora(self) -> dict[str, float]:
        """G4 and G5: changing the LoRA, and what it costs per step."""
        sizes, base = self._sizes, self._base
        unet, fused = base.unet, base.drawing.fused
        fused.apply(None, 0)
        without = unet_forward_s(unet, sizes.px, 2, sizes.repeats)
        fused.apply(self._lora, 1.0)
        with_lora = unet_forward_s(unet, sizes.px, 2, sizes.repeats)
        files = [lora_to_bytes(make_lora(unet, sizes.rank, seed), {}) for seed in (2, 3)]
        turn = 0

        def swap() -> None:
            nonlocal turn
            turn += 1
            fused.apply(lora_from_bytes(files[turn % 2], unet), 1.0)

        self.times |= {"G4": max(5, sizes.repeats), "G5": sizes.repeats}
        swap_s = median_s(swap, base.device, self.times["G4"], warmup=2)
        before = _compiled_graphs()
        unet_forward_s(unet, sizes.px, 2, 1)
        facts = {"G4": 1000 * swap_s, "G5": with_lora / without, "step_s": with_lora}
        if base.device.type == "cuda":  # nothing is compiled elsewhere
            facts["G4r"] = _compiled_graphs() - before
        return facts

    def throughput(self) -> dict[str, float]:
        """G2 and G6: a pack of batches, everything included."""
        sizes, device = self._sizes, self._base.device
        count = sizes.packs * sizes.batch
        self._draw(self._plans(sizes.batch), 2, self._lora, sizes.batch)
        sync(device)
        packs = times_s(
            lambda: self._draw(self._plans(count), sizes.batch_steps, self._lora, sizes.batch),
            device,
            sizes.repeats,
            warmup=0,
            within_s=PACKS_WITHIN_S,
        )
        pack_s = median(packs)
        self.times |= {"G2": len(packs), "G6": len(packs)}
        step_s = unet_forward_s(self._base.unet, sizes.px, 2 * sizes.batch, sizes.repeats)
        return {
            "images_per_s": count / pack_s,
            "G2": count * self._floor_s(sizes.batch_steps) / pack_s,
            "G6": min(1.0, step_s * sizes.batch_steps * sizes.packs / pack_s),
        }
