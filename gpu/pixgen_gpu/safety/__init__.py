"""The check that every image passes before it leaves a host: see `classifier`."""
