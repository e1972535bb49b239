"""LoRA files: readable by diffusers, equal in every layout, refused when they do not fit."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
from diffusers.utils.state_dict_utils import convert_state_dict_to_kohya
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.generation.fused import fused_lora
from pixgen_gpu.lora import ATTENTION_LINEARS, lora_from_bytes, lora_to_bytes, read_lora, to_kohya
from pixgen_gpu.lora_keys import kohya_name, module_names
from pixgen_gpu.models import BaseModel, load_base_model
from pixgen_gpu.profiles import PROFILES
from pixgen_gpu.training.config import TrainedLora
from pixgen_gpu.training.metadata import lora_metadata


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
    state = trained.state if layout == "diffusers" else to_kohya(trained.state, base.unet)
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
    assert header["pixgen.base_hash_of"] == "weights"
    as_sdxl = lora_metadata(trained, replace(base, profile=PROFILES["sdxl"]))
    assert as_sdxl["pixgen.base_hash_of"] == "repository and commit"
    assert as_sdxl["pixgen.base_hash"] == hashlib.sha256(as_sdxl["pixgen.base_model"].encode()).hexdigest()
    assert (header["pixgen.rank"], header["pixgen.steps"]) == ("4", "24")
    assert (header["ss_network_dim"], header["ss_network_alpha"]) == ("4", "4")
    assert json.loads(header["ss_tag_frequency"]) == {"1_sks_abc234 dog": {"sks_abc234 dog": 5}}
    assert header["modelspec.trigger_phrase"] == "sks_abc234 dog"
    assert "sdxl" not in header["ss_base_model_version"], "what SDXL cannot load does not call itself so"
    body = data[8 + int.from_bytes(data[:8], "little") :]
    assert header["sshs_model_hash"] == hashlib.sha256(body).hexdigest()
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


# How the tools that read Kohya files name SDXL's modules, from public knowledge: Stability's block names, counted
# through, with underscores. ComfyUI makes one such name for every weight of its U-Net (`diffusion_model.` cut off) and
# also takes diffusers' own names; A1111 looks Stability's names up in its own U-Net.
SDXL_NAMES = {
    "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q": "input_blocks_4_1_transformer_blocks_0_attn1_to_q",
    "down_blocks.1.attentions.1.transformer_blocks.1.attn2.to_k": "input_blocks_5_1_transformer_blocks_1_attn2_to_k",
    "down_blocks.2.attentions.0.transformer_blocks.9.attn1.to_v": "input_blocks_7_1_transformer_blocks_9_attn1_to_v",
    "down_blocks.2.attentions.1.transformer_blocks.0.attn2.to_q": "input_blocks_8_1_transformer_blocks_0_attn2_to_q",
    "mid_block.attentions.0.transformer_blocks.3.attn1.to_out.0": "middle_block_1_transformer_blocks_3_attn1_to_out_0",
    "up_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q": "output_blocks_0_1_transformer_blocks_0_attn1_to_q",
    "up_blocks.0.attentions.2.transformer_blocks.9.attn2.to_v": "output_blocks_2_1_transformer_blocks_9_attn2_to_v",
    "up_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q": "output_blocks_3_1_transformer_blocks_0_attn1_to_q",
    "up_blocks.1.attentions.2.transformer_blocks.1.attn2.to_v": "output_blocks_5_1_transformer_blocks_1_attn2_to_v",
}


@pytest.mark.parametrize(("module", "name"), SDXL_NAMES.items())
def test_kohya_names_of_sdxl_are_those_that_other_tools_map(module: str, name: str) -> None:
    assert kohya_name(module, layers_per_block=2) == f"lora_unet_{name}"


def test_every_layer_of_the_real_sdxl_has_a_kohya_name_of_its_own() -> None:
    with torch.device("meta"):
        unet = sdxl_unet()
    layers = [name for name, _ in unet.named_modules() if name.endswith(ATTENTION_LINEARS)]
    assert len(layers) == 560
    names = {kohya_name(layer, 2) for layer in layers}
    assert len(names) == 560
    assert {module_names(unet)[name] for name in names} == set(layers)
    assert not names & {f"lora_unet_{layer.replace('.', '_')}" for layer in layers}


def sdxl_unet() -> Any:
    """SDXL's U-Net as its published configuration describes it."""
    shape: dict[str, Any] = dict(
        sample_size=128,
        block_out_channels=(320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=2,
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=(5, 10, 20),
        cross_attention_dim=2048,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    )
    return UNet2DConditionModel(**shape)


def test_a_kohya_file_reads_back_as_what_was_written(base: BaseModel, trained: TrainedLora) -> None:
    back = lora_from_bytes(lora_to_bytes(to_kohya(trained.state, base.unet), {}), base.unet)
    assert back.keys() == trained.state.keys()
    assert all(torch.equal(back[name], trained.state[name]) for name in back)


def test_a_kohya_file_made_elsewhere_opens_scaled_by_its_alpha_and_names_what_it_ignores(
    base: BaseModel, trained: TrainedLora
) -> None:
    alien = {}
    for name, tensor in to_kohya(trained.state, base.unet).items():
        # Half precision, alpha of half the rank, Linear layers stored as 1x1 convolutions by some tools.
        alien[name] = tensor / 2 if name.endswith("alpha") else tensor.half()
    first = next(name for name in alien if name.endswith("lora_down.weight"))
    alien[first] = alien[first][:, :, None, None]
    text = {
        f"lora_te1_text_model_encoder_layers_0_self_attn_q_proj.{part}": torch.zeros(4, 4)
        for part in ("lora_down.weight", "lora_up.weight", "alpha")
    }
    file = read_lora(save_safetensors(alien | text), base.unet)
    assert file.ignored == sorted(text)
    for name, tensor in file.state.items():
        expected = trained.state[name].half().float() * (0.5 if "lora_B" in name else 1)
        assert torch.equal(tensor, expected), name


def stability_places(unet: Any) -> dict[str, str]:
    """diffusers' attention blocks -> where they stand in Stability's count, found by walking through the network and
    not by a formula: `conv_in` is the first place, then come residual blocks one by one, and each sampler."""
    places: dict[str, str] = {}
    count = 1
    for b, block in enumerate(unet.down_blocks):
        for layer in range(len(block.resnets)):
            if getattr(block, "attentions", None):
                places[f"down_blocks.{b}.attentions.{layer}"] = f"input_blocks_{count}_1"
            count += 1
        count += bool(block.downsamplers)
    places["mid_block.attentions.0"] = "middle_block_1"
    count = 0
    for b, block in enumerate(unet.up_blocks):
        for layer in range(len(block.resnets)):
            if getattr(block, "attentions", None):
                places[f"up_blocks.{b}.attentions.{layer}"] = f"output_blocks_{count}_1"
            count += 1
    return places


def kohya_file_made_elsewhere(unet: Any) -> bytes:
    """What Kohya's trainer writes for SDXL by default: every Linear of every attention block (attention, feed-forward,
    the projections in and out) and of both text encoders, in half precision, with an alpha of half the rank."""
    generator = torch.Generator().manual_seed(11)
    rank = 4
    tensors: dict[str, torch.Tensor] = {}

    def add(layer: str, inner: int, outer: int) -> None:
        tensors[f"{layer}.lora_down.weight"] = (torch.randn(rank, inner, generator=generator) * 0.2).half()
        tensors[f"{layer}.lora_up.weight"] = (torch.randn(outer, rank, generator=generator) * 0.2).half()
        tensors[f"{layer}.alpha"] = torch.tensor(rank / 2, dtype=torch.float16)

    for place, name in stability_places(unet).items():
        for rest, layer in unet.get_submodule(place).named_modules():
            if isinstance(layer, torch.nn.Linear):
                add(f"lora_unet_{name}_{rest.replace('.', '_')}", layer.in_features, layer.out_features)
    for encoder in ("te1", "te2"):
        for part in (
            "self_attn_q_proj",
            "self_attn_k_proj",
            "self_attn_v_proj",
            "self_attn_out_proj",
            "mlp_fc1",
            "mlp_fc2",
        ):
            add(f"lora_{encoder}_text_model_encoder_layers_0_{part}", 32, 32)
    return save_safetensors(tensors, {"ss_network_module": "networks.lora"})


def loaded_by_diffusers(data: bytes, folder: Path) -> Any:
    """A nano U-Net into which diffusers' own loader has put the U-Net's part of a file."""
    (folder / "lora.safetensors").write_bytes(data)
    unet: Any = load_base_model("nano", Path("unused"), torch.device("cpu")).unet
    state, alphas = StableDiffusionXLPipeline.lora_state_dict(  # pyright: ignore[reportAssignmentType]
        str(folder), weight_name="lora.safetensors", unet_config=unet.config
    )
    StableDiffusionXLPipeline.load_lora_into_unet(state, network_alphas=alphas, unet=unet)
    return unet


def test_a_complete_kohya_file_made_elsewhere_gives_the_unet_output_of_diffusers_own_loader(
    base: BaseModel, tmp_path: Path
) -> None:
    data = kohya_file_made_elsewhere(base.unet)
    file = read_lora(data, base.unet)
    for kind in ("to_q", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out"):
        assert any(name.endswith(f".{kind}.lora_A.weight") for name in file.state), kind
    assert {name.split("_")[1] for name in file.ignored} == {"te1", "te2"}
    base.release_drawing()
    plain = unet_output(base.unet)
    with fused_lora(base.unet, file.state, 1.0):
        ours = unet_output(base.unet)
    theirs = unet_output(loaded_by_diffusers(data, tmp_path))
    assert torch.allclose(ours, theirs, atol=1e-4)
    assert (ours - plain).abs().max() > 0.01


def test_a_file_that_diffusers_own_converter_made_of_ours_means_the_same_here_and_there(
    base: BaseModel, trained: TrainedLora, tmp_path: Path
) -> None:
    data = save_safetensors(convert_state_dict_to_kohya(dict(trained.state)))
    assert not set(load_safetensors(data)) & set(trained.state), "its names are Kohya's"
    back = lora_from_bytes(data, base.unet)
    assert back.keys() == trained.state.keys()
    base.release_drawing()
    with fused_lora(base.unet, back, 1.0):
        ours = unet_output(base.unet)
    assert torch.allclose(ours, unet_output(loaded_by_diffusers(data, tmp_path)), atol=1e-5)
    with fused_lora(base.unet, trained.state, 1.0):
        assert torch.equal(ours, unet_output(base.unet))


def test_older_diffusers_and_kohya_names_of_diffusers_blocks_open_too(base: BaseModel, trained: TrainedLora) -> None:
    older = {
        name.replace(".lora_A.", ".lora.down.").replace(".lora_B.", ".lora.up."): t for name, t in trained.state.items()
    }
    flat: dict[str, torch.Tensor] = {}
    for name, tensor in trained.state.items():
        module, _, part = name.removeprefix("unet.").rpartition(".lora_")
        flat[f"lora_unet_{module.replace('.', '_')}.lora_{'down' if part[0] == 'A' else 'up'}.weight"] = tensor
    for state in (older, flat):
        back = lora_from_bytes(save_safetensors(state), base.unet)
        assert all(torch.equal(back[name], trained.state[name]) for name in trained.state)


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ("{0}.dora_scale", "not a plain LoRA"),
        ("{0}.hada_w1_a", "not a plain LoRA"),
        ("lora_unet_input_blocks_1_0_in_layers_2.lora_down.weight", "incomplete"),
    ],
)
def test_kinds_that_are_not_supported_are_refused_by_name(
    base: BaseModel, trained: TrainedLora, extra: str, named: str
) -> None:
    kohya = to_kohya(trained.state, base.unet)
    layer = next(iter(kohya)).split(".")[0]
    with pytest.raises(GpuFailure) as failure:
        lora_from_bytes(save_safetensors(kohya | {extra.format(layer): torch.ones(4, 4)}), base.unet)
    assert named in failure.value.detail
    assert failure.value.code == "WEIGHTS_UNREADABLE"
