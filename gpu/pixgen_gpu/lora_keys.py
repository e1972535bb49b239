"""Names of LoRA layers in files: what Kohya's trainer, ComfyUI and A1111 call the U-Net's modules.

For SDXL they use the block names of Stability's own code (`input_blocks_4_1_…`), counted through; diffusers has blocks
in blocks (`down_blocks.1.attentions.0.…`). Some tools write Kohya files with diffusers' names. Both are read here.
"""

import re
from typing import Any

from torch import nn

KOHYA_UNET = "lora_unet_"
TEXT_ENCODER_PREFIXES = ("lora_te_", "lora_te1_", "lora_te2_", "text_encoder.", "text_encoder_2.")

_BLOCKS = re.compile(r"(down_blocks|mid_block|up_blocks)(?:\.(\d+))?\.attentions\.(\d+)\.(.+)")


def kohya_name(module: str, layers_per_block: int) -> str:
    """Kohya's name of a module inside an attention block: what stands before `.lora_down.weight`.

    Each block of diffusers is `layers_per_block` + 1 places in Stability's count; place 0 of the way in is `conv_in`.
    Raises ValueError for a module elsewhere.
    """
    found = _BLOCKS.fullmatch(module)
    if not found:
        raise ValueError(f"{module} is in no attention block")
    kind, block, attention, rest = found.groups()
    places = layers_per_block + 1
    if kind == "down_blocks":
        place = f"input_blocks_{1 + int(block) * places + int(attention)}_1"
    elif kind == "up_blocks":
        place = f"output_blocks_{int(block) * places + int(attention)}_1"
    else:
        place = "middle_block_1"
    return f"{KOHYA_UNET}{place}_{rest.replace('.', '_')}"


def module_names(unet: Any) -> dict[str, str]:
    """Every name that a file may use for a Linear of `unet` -> the module's own name."""
    names: dict[str, str] = {}
    for module, layer in unet.named_modules():
        if not isinstance(layer, nn.Linear):
            continue
        names[f"unet.{module}"] = module
        names[f"{KOHYA_UNET}{module.replace('.', '_')}"] = module
        if _BLOCKS.fullmatch(module):
            names[kohya_name(module, unet.config.layers_per_block)] = module
    return names
