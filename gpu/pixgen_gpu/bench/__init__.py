"""`pixgen-gpu bench`: ceilings, plain diffusers and ours, measured in one run. See `run`."""
