"""What drawing in batches guarantees: the same pictures, whatever happens to a batch."""

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

from pixgen_gpu.errors import is_device_lost
from pixgen_gpu.generation.compiled import compile_blocks, uncompile_blocks
from pixgen_gpu.generation.config import FailedImage, GenerateConfig, RenderedImage
from pixgen_gpu.generation.decoding import Decoder
from pixgen_gpu.generation.drawing import MAX_TEXTS
from pixgen_gpu.generation.generate import batch_sizes, generate
from pixgen_gpu.logs import configure_logging
from pixgen_gpu.models import BaseModel
from pixgen_gpu.training.config import TrainedLora
from tests.test_generation import draw, plan
from tests.test_lora import unet_output

TOLERANCE = 2
"""Levels of 255 by which a picture may differ between batch sizes, as `generate` promises."""
SMALL = GenerateConfig(64, 64, 2, 5.0, 1.0)


def levels(one: bytes, other: bytes) -> int:
    a, b = (np.frombuffer(pixels, np.uint8).astype(int) for pixels in (one, other))
    return int(np.abs(a - b).max())


@pytest.mark.parametrize("scheduler", ["euler", "dpmpp-2m-karras", "ddim"])
def test_a_batch_gives_the_pictures_of_single_runs_within_the_tolerance(
    base: BaseModel, trained: TrainedLora, scheduler: str
) -> None:
    plans = [plan(1), plan(2, "neon city"), plan(3, negative="blurry"), plan(4)]
    together = draw(base, plans, trained, batch=4, scheduler=scheduler)
    alone = [draw(base, [one], trained, scheduler=scheduler)[0] for one in plans]
    assert max(levels(a, b) for a, b in zip(together, alone, strict=True)) <= TOLERANCE
    assert levels(together[0], together[1]) > 50, "the images of a batch are one and the same"


def test_the_same_batch_gives_the_same_bits(base: BaseModel, trained: TrainedLora) -> None:
    plans = [plan(n) for n in range(4)]
    assert draw(base, plans, trained, batch=4) == draw(base, plans, trained, batch=4)


@pytest.mark.parametrize(
    ("count", "limit", "sizes"), [(7, 8, [4, 2, 1]), (32, 8, [8] * 4), (3, 1, [1] * 3), (5, 6, [4, 1])]
)
def test_batches_come_in_few_sizes(count: int, limit: int, sizes: list[int]) -> None:
    assert list(batch_sizes(count, limit)) == sizes


def test_a_batch_that_does_not_fit_is_halved_and_the_work_goes_on(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    forward = base.unet.forward

    def limited(sample: torch.Tensor, *args: Any, **options: Any) -> Any:
        sizes.append(len(sample) // 2)
        if len(sample) > 4:
            raise torch.OutOfMemoryError("no room")
        return forward(sample, *args, **options)

    plans = [plan(n) for n in range(8)]
    expected = draw(base, plans, batch=2, steps=1)
    monkeypatch.setattr(base.unet, "forward", limited)
    assert draw(base, plans, batch=8, steps=1) == expected
    assert sizes == [8, 4, 2, 2, 4, 2, 2]


def test_later_batches_keep_the_size_that_fitted(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    forward = base.unet.forward

    def limited(sample: torch.Tensor, *args: Any, **options: Any) -> Any:
        sizes.append(len(sample) // 2)
        if len(sample) > 4:
            raise torch.OutOfMemoryError("no room")
        return forward(sample, *args, **options)

    monkeypatch.setattr(base.unet, "forward", limited)
    draw(base, [plan(n) for n in range(8)], batch=4, steps=1)
    assert sizes == [4, 2, 2, 2, 2]


def test_an_image_for_which_even_one_is_too_much_fails_with_its_code(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(base.unet, "forward", never)
    results: list[RenderedImage | FailedImage] = []
    generate(SMALL, [plan(1), plan(2)], base, None, results.append, max_batch=2)
    assert [result.code for result in results if isinstance(result, FailedImage)] == ["GPU_OUT_OF_MEMORY"] * 2


def test_one_bad_image_of_a_batch_is_the_only_one_lost(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    base.release_drawing()
    encode = base.encode_text

    def broken(prompt: str) -> Any:
        if prompt == "broken":
            raise RuntimeError("no kernel for this")
        return encode(prompt)

    monkeypatch.setattr(base, "encode_text", broken)
    results: list[RenderedImage | FailedImage] = []
    generate(SMALL, [plan(1), plan(2), plan(3, "broken"), plan(4)], base, None, results.append, max_batch=4)
    assert [(r.plan.seed, type(r)) for r in results] == [
        (1, RenderedImage),
        (2, RenderedImage),
        (3, FailedImage),
        (4, RenderedImage),
    ]


def test_latents_that_are_no_numbers_fail_their_image_only(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = base.unet.forward

    def spoiled(*args: Any, **options: Any) -> Any:
        (output,) = forward(*args, **options)
        output = output.clone()
        output[-1] = float("nan")
        return (output,)

    monkeypatch.setattr(base.unet, "forward", spoiled)
    results: list[RenderedImage | FailedImage] = []
    generate(SMALL, [plan(1), plan(2)], base, None, results.append, max_batch=2)
    assert [type(result) for result in results] == [RenderedImage, FailedImage]


def test_decoding_falls_back_to_single_images_and_then_to_tiles(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    latents = torch.randn(2, 4, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        whole, _ = Decoder(base).decode(latents).wait()
        vae: Any = base.vae
        decode, tried = vae.decode, []

        def limited(given: torch.Tensor, *args: Any, **options: Any) -> Any:
            tried.append((len(given), base.vae.use_tiling))
            if len(given) > 1 or not base.vae.use_tiling:
                raise torch.OutOfMemoryError("no room")
            return decode(given, *args, **options)

        monkeypatch.setattr(base.vae, "decode", limited)
        tiled, finite = Decoder(base).decode(latents).wait()
    assert tried == [(2, False), (1, False), (1, True), (1, True)]
    assert finite == [True, True]
    assert np.abs(whole.astype(int) - tiled.astype(int)).mean() < 2
    assert not base.vae.use_tiling
    assert isinstance(base.vae, AutoencoderKL)
    assert vae.tile_sample_min_size == vae.config.sample_size


def test_swapping_loras_is_exact_and_taking_them_out_restores_every_bit(base: BaseModel, trained: TrainedLora) -> None:
    base.release_drawing()
    before = {name: tensor.clone() for name, tensor in base.unet.state_dict().items()}
    where = {name: tensor.data_ptr() for name, tensor in base.unet.state_dict().items()}
    first = trained.state
    some = dict(list(first.items())[: len(first) // 4 * 2])
    second = {name: tensor * 1.5 for name, tensor in some.items()}
    fused = base.drawing.fused
    fused.apply(second, 0.7)
    fresh = unet_output(base.unet)
    assert fused.apply(first, 1.0)
    assert not torch.equal(unet_output(base.unet), fresh)
    assert not fused.apply(first, 1.0), "the same LoRA was fused again"
    assert fused.apply(first, 0.5)
    fused.apply(second, 0.7)
    assert torch.equal(unet_output(base.unet), fresh)
    assert {name: tensor.data_ptr() for name, tensor in base.unet.state_dict().items()} == where
    base.release_drawing()
    assert all(torch.equal(before[name], tensor) for name, tensor in base.unet.state_dict().items())


def test_a_prompt_is_encoded_once_and_the_memory_of_prompts_is_bounded(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.release_drawing()
    encode, encoded = base.encode_text, []

    def counted(prompt: str) -> Any:
        encoded.append(prompt)
        return encode(prompt)

    monkeypatch.setattr(base, "encode_text", counted)
    draw(base, [plan(n, "rain", "snow") for n in range(3)], steps=1)
    assert sorted(encoded) == ["rain", "snow"]
    for n in range(MAX_TEXTS):
        base.drawing.text(f"prompt {n}")
    base.drawing.text("rain")
    assert encoded.count("rain") == 2


def test_compiled_blocks_draw_the_same_and_a_new_lora_compiles_nothing(base: BaseModel, trained: TrainedLora) -> None:
    """Tracing and guards are the real ones; the code that a GPU runs comes from another backend."""
    base.release_drawing()
    plain = unet_output(base.unet)
    graphs = torch._dynamo.utils.counters["stats"]
    try:
        assert compile_blocks(base.unet, backend="eager") > 10
        assert torch.allclose(unet_output(base.unet), plain, atol=1e-6)
        compiled = graphs["unique_graphs"]
        assert compiled > 0
        base.drawing.fused.apply(trained.state, 1.0)
        assert not torch.allclose(unet_output(base.unet), plain, atol=1e-3)
        base.drawing.fused.apply({name: 2 * tensor for name, tensor in trained.state.items()}, 0.5)
        unet_output(base.unet)
        assert graphs["unique_graphs"] == compiled
    finally:
        uncompile_blocks(base.unet)
        base.release_drawing()
        torch._dynamo.reset()


def no_compiler(*_: Any) -> Any:
    raise OSError("gcc: command not found")


def test_where_nothing_can_be_compiled_the_same_pictures_are_drawn_eagerly_and_the_log_says_so_once(
    base: BaseModel, trained: TrainedLora, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logging()
    plans = [plan(1), plan(2)]
    eager = draw(base, plans, trained)
    torch.compiler.reset()
    base.drawing.compile(no_compiler)
    try:
        assert draw(base, plans, trained) == eager
        assert not base.drawing.is_compiled
        assert draw(base, plans, trained) == eager
        assert capfd.readouterr().err.count("compile_failed_drawing_eagerly") == 1
    finally:
        base.release_drawing()  # the next one must find the weights as they came
        del base.drawing  # which would remember that nothing can be compiled here
        uncompile_blocks(base.unet)


def test_a_gpu_that_is_lost_ends_the_job_and_is_not_taken_for_images_that_fail(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def broken(*_: Any, **__: Any) -> Any:
        calls.append(1)
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(base.unet, "forward", broken)
    with pytest.raises(torch.AcceleratorError):
        draw(base, [plan(n) for n in range(4)], batch=4)
    assert calls == [1]


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        (torch.AcceleratorError("CUDA error: unspecified launch failure"), True),
        (torch.AcceleratorError("CUDA error: out of memory"), False),
        (torch.OutOfMemoryError("CUDA out of memory"), False),
        (RuntimeError("shapes do not match"), False),
    ],
    ids=["launch failure", "driver out of memory", "allocator out of memory", "ordinary"],
)
def test_a_lost_gpu_is_told_from_other_errors(error: Exception, is_lost: bool) -> None:
    assert is_device_lost(error) is is_lost


def test_a_gpu_that_cannot_be_waited_for_is_lost_whatever_the_error_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", broken)
    assert is_device_lost(RuntimeError("cuBLAS error"))
