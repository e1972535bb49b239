"""The tiny base model and its scorer: SDXL's architecture in miniature, with weights that ship with PixGen."""
