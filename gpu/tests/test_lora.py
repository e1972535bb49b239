"""LoRA files: readable by diffusers, equal in every layout, refused when they do not fit."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.generation.fused import fused_lora
from pixgen_gpu.jobs import lora_metadata
from pixgen_gpu.lora import lora_from_bytes, lora_to_bytes, to_kohya
from pixgen_gpu.models import BaseModel, load_base_model
from pixgen_gpu.training.config import TrainedLora


def unet_output(unet: Any) -> torch.Tensor:
    """What a U-Net answers to one fixed noisy input."""
    generator = torch.Generator().manual_seed(3)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    conditions = {"text_embeds": noise(2, 32), "time_ids": torch.full((2, 6), 64.0)}
    with torch.inference_mode():
        return unet(noise(2, 4, 8, 8), 500, noise(2, 77, 64), added_cond_kwargs=conditions).sample


@pytest.mark.parametrize("layout", ["diffusers", "kohya"])
def test_diffusers_own_loader_gives_the_same_unet_output(
    base: BaseModel, trained: TrainedLora, tmp_path: Path, layout: str
) -> None:
    state = trained.state if layout == "diffusers" else to_kohya(trained.state)
    (tmp_path / "lora.safetensors").write_bytes(lora_to_bytes(state, lora_metadata(trained, base)))
    other: Any = load_base_model("nano", Path("unused"), torch.device("cpu"))
    pipeline: Any = StableDiffusionXLPipeline(
        vae=other.vae,
        text_encoder=other.text_encoder,
        text_encoder_2=other.text_encoder_2,
        tokenizer=other.tokenizer,
        tokenizer_2=other.tokenizer_2,
        unet=other.unet,
        scheduler=other.scheduler,
        add_watermarker=False,
    )
    pipeline.load_lora_weights(tmp_path, weight_name="lora.safetensors")
    theirs = unet_output(pipeline.unet)
    base.release_drawing()
    with fused_lora(base.unet, trained.state, 1.0):
        ours = unet_output(base.unet)
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert not torch.allclose(ours, unet_output(base.unet), atol=1e-3), "the LoRA had no effect"


def test_the_file_says_what_it_is_and_reads_back_equal(base: BaseModel, trained: TrainedLora) -> None:
    data = lora_to_bytes(trained.state, lora_metadata(trained, base))
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    assert header["pixgen.trigger_word"] == "sks_abc234"
    assert header["pixgen.class_word"] == "dog"
    assert header["pixgen.base_hash"] == base.model_hash
    assert (header["pixgen.rank"], header["pixgen.steps"]) == ("4", "24")
    back = lora_from_bytes(data, base.unet)
    assert all(torch.equal(back[name], trained.state[name]) for name in trained.state)


def test_files_that_do_not_fit_are_refused(base: BaseModel, trained: TrainedLora) -> None:
    whole = lora_to_bytes(trained.state, {})
    tensors = load_safetensors(whole)
    first = next(name for name in tensors if name.endswith("lora_A.weight"))
    not_finite = tensors[first].clone()
    not_finite[0, 0] = float("nan")
    for broken in (
        b"",
        b"not a file",
        whole[:-1],
        save_safetensors({}),
        save_safetensors({name: tensor for name, tensor in tensors.items() if name != first}),
        save_safetensors(tensors | {first: torch.zeros(4, 999)}),
        save_safetensors(tensors | {first: torch.zeros(4)}),
        save_safetensors(tensors | {first: not_finite}),
        save_safetensors({f"text_encoder.{name}": tensor for name, tensor in tensors.items()}),
        save_safetensors(to_kohya(tensors)),
    ):
        with pytest.raises(GpuFailure) as failure:
            lora_from_bytes(broken, base.unet)
        assert failure.value.code == "WEIGHTS_UNREADABLE"
        assert not failure.value.retryable


def test_the_nano_model_is_the_same_in_every_process(base: BaseModel) -> None:
    torch.manual_seed(1234)
    state = torch.get_rng_state()
    again = load_base_model("nano", Path("unused"), torch.device("cpu"))
    assert again.model_hash == base.model_hash
    assert torch.equal(torch.get_rng_state(), state), "building it disturbed the caller's random numbers"
