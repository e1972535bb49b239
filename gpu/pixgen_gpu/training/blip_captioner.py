"""A captioner that runs a BLIP model from a folder. Nothing is downloaded: the folder holds everything.

Method: Li et al., "BLIP: Bootstrapping Language-Image Pre-training" (2022).
"""

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import BertTokenizer, BlipForConditionalGeneration
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.training.captions import Captioner

MAX_NEW_TOKENS = 30


def load_blip_captioner(folder: Path, device: torch.device) -> Captioner:
    """Load a BLIP captioning model as transformers saves it (`config.json`, safetensors, image processor, vocabulary).

    Raises GpuFailure BASE_MODEL_UNAVAILABLE, not retryable, when the folder does not hold one.
    """
    try:
        local: dict[str, Any] = {"local_files_only": True}
        model: Any = BlipForConditionalGeneration.from_pretrained(folder, use_safetensors=True, **local)
        processor: Any = BlipImageProcessorPil.from_pretrained(folder, **local)
        tokenizer: Any = BertTokenizer.from_pretrained(folder, **local)
    except (OSError, ValueError, TypeError) as error:
        raise GpuFailure("BASE_MODEL_UNAVAILABLE", "no BLIP model in the folder", retryable=False) from error
    model.to(device).eval()

    @torch.inference_mode()
    def describe(image: Image.Image) -> str:
        pixels = processor(images=image, return_tensors="pt")["pixel_values"]
        # Greedy: the same photo must give the same caption, or a resumed training would not go on as it began.
        tokens = model.generate(
            pixel_values=pixels.to(device), max_new_tokens=MAX_NEW_TOKENS, do_sample=False, num_beams=1
        )
        # The model's start token is not in the vocabulary of the tokenizer that comes with it.
        known = [token for token in tokens[0].tolist() if token < tokenizer.vocab_size]
        return tokenizer.decode(known, skip_special_tokens=True).strip()

    return describe
