"""LoRA training as a plain function: see `train_lora`."""
