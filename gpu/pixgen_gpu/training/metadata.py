"""What a LoRA file says about itself. No user, file or photo is named, and no time: same training, same bytes."""

import json

from pixgen_gpu.models import BaseModel
from pixgen_gpu.training.config import TrainedLora


def lora_metadata(trained: TrainedLora, base: BaseModel) -> dict[str, str]:
    """Ours (`pixgen.`), Kohya's (`ss_`, what A1111 and ComfyUI show) and the model specification's (`modelspec.`)."""
    config = trained.config
    is_sdxl = base.profile.name == "sdxl"
    tag = f"{config.trigger_word} {config.class_word}"
    rank, steps = str(config.rank), str(trained.steps)
    return {
        "pixgen.version": "2",
        "pixgen.trigger_word": config.trigger_word,
        "pixgen.class_word": config.class_word,
        "pixgen.base_model": base.model_id,
        "pixgen.base_hash": base.model_hash,
        "pixgen.base_hash_of": base.model_hash_of,
        "pixgen.rank": rank,
        "pixgen.alpha": rank,
        "pixgen.steps": steps,
        "pixgen.learning_rate": str(config.learning_rate),
        "pixgen.resolution": str(config.resolution),
        "pixgen.batch_size": str(config.batch_size),
        "pixgen.seed": str(config.seed),
        "pixgen.min_snr_gamma": str(config.min_snr_gamma),
        "pixgen.prior_weight": str(config.prior_weight if config.with_prior else 0.0),
        "ss_network_module": "networks.lora",
        "ss_network_dim": rank,
        "ss_network_alpha": rank,
        "ss_base_model_version": "sdxl_base_v1-0" if is_sdxl else f"pixgen_{base.profile.name}",
        "ss_sd_model_name": base.model_id,
        "ss_v2": "False",
        "ss_output_name": config.trigger_word,
        "ss_resolution": f"({config.resolution}, {config.resolution})",
        "ss_enable_bucket": "True",
        "ss_num_train_images": str(trained.photo_count),
        "ss_tag_frequency": json.dumps({f"1_{tag}": {tag: trained.photo_count}}),
        "ss_max_train_steps": str(config.steps),
        "ss_steps": steps,
        "ss_learning_rate": str(config.learning_rate),
        "ss_unet_lr": str(config.learning_rate),
        "ss_lr_scheduler": "cosine",
        "ss_optimizer": "torch.optim.adamw.AdamW",
        "ss_batch_size_per_device": str(config.batch_size),
        "ss_seed": str(config.seed),
        "ss_min_snr_gamma": str(config.min_snr_gamma),
        "ss_prior_loss_weight": str(config.prior_weight if config.with_prior else 0.0),
        "ss_mixed_precision": "bf16" if base.device.type == "cuda" else "no",
        "modelspec.sai_model_spec": "1.0.0",
        # Only what SDXL can load may call itself so.
        "modelspec.architecture": "stable-diffusion-xl-v1-base/lora" if is_sdxl else f"pixgen-{base.profile.name}/lora",
        "modelspec.implementation": "diffusers",
        "modelspec.title": config.trigger_word,
        "modelspec.resolution": f"{config.resolution}x{config.resolution}",
        "modelspec.prediction_type": "epsilon",
        "modelspec.trigger_phrase": tag,
    }
