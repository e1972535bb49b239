"""Image generation as a plain function: see `generate`."""
