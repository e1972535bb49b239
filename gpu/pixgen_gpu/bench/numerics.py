"""How far the fused half-precision network is from the plain one in fp32."""

import copy
from typing import Any

import torch
from torch import nn

from pixgen_gpu.generation.fused import FusedLora
from pixgen_gpu.lora import DOWN, PREFIX, UP, LoraState


@torch.no_grad()
def fused_error(unet: Any, state: LoraState, px: int, timesteps: tuple[int, ...] = (981, 501, 21)) -> float:
    """The worst relative error of one prediction over some timesteps: bf16 weights with the LoRA fused against fp32
    weights with the LoRA as a branch of its own. `unet` must be without any LoRA and is left as it was."""
    exact: Any = nn.Module.float(copy.deepcopy(unet))
    for name, down in state.items():
        if name.endswith(DOWN):
            module = name.removesuffix(DOWN)
            _add_branch(exact.get_submodule(module.removeprefix(PREFIX)), down, state[module + UP])
    half: Any = unet if unet.dtype == torch.bfloat16 else nn.Module.to(copy.deepcopy(unet), torch.bfloat16)
    fused = FusedLora(half)
    fused.apply(state, 1.0)
    config, side = unet.config, px // 8
    pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
    generator = torch.Generator().manual_seed(5)
    shapes = ((1, 4, side, side), (1, 77, config.cross_attention_dim), (1, pooled))
    sample, tokens, text = (torch.randn(shape, generator=generator).to(unet.device) for shape in shapes)
    time_ids = torch.tensor([[px, px, 0, 0, px, px]], device=unet.device, dtype=torch.float32)
    tf32 = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    worst = 0.0
    try:
        for timestep in timesteps:
            outputs: list[torch.Tensor] = []
            for network in (exact, half):
                kind = network.dtype
                conditions = {"text_embeds": text.to(kind), "time_ids": time_ids}
                given = (sample.to(kind), timestep, tokens.to(kind))
                outputs.append(network(*given, added_cond_kwargs=conditions, return_dict=False)[0].float())
            reference, ours = outputs
            worst = max(worst, float((ours - reference).norm() / reference.norm()))
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = tf32
        fused.release()
    return worst


def _add_branch(layer: nn.Module, down: torch.Tensor, up: torch.Tensor) -> None:
    weight = next(layer.parameters())
    down, up = down.to(weight), up.to(weight)

    def branch(_layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        return output + inputs[0] @ down.T @ up.T

    layer.register_forward_hook(branch)
