"""Which URLs the GPU side may call with a ticket's token."""

from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def is_http_url(url: str) -> bool:
    """An absolute http(s) URL with a host, without credentials, query or fragment."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in DEFAULT_PORTS
            and bool(parts.hostname)
            and parts.username is None
            and not (parts.query or parts.fragment)
            and parts.port != 0
        )
    except ValueError:
        return False


def is_inside(url: str, base: str) -> bool:
    """Whether `url` lies at or below `base`: same scheme, host and port, path within the base's path.

    Encoded and plain dot segments are refused rather than resolved, so a URL cannot climb out of a path prefix, and
    control characters and backslashes are refused because clients and parsers read them differently.
    """
    if any(ord(char) <= 32 or ord(char) == 127 or char == "\\" for char in url) or not is_http_url(url):
        return False
    inner, outer = urlsplit(url), urlsplit(base)
    origin = (inner.scheme, inner.hostname, inner.port or DEFAULT_PORTS[inner.scheme])
    if origin != (outer.scheme, outer.hostname, outer.port or DEFAULT_PORTS[outer.scheme]):
        return False
    if any(segment in {".", ".."} for segment in inner.path.lower().replace("%2e", ".").replace("%2f", "/").split("/")):
        return False
    prefix = outer.path.rstrip("/")
    return inner.path == prefix or inner.path.startswith(f"{prefix}/")
