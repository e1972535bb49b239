"""Decoding a training photo: every format the product accepts, upright, RGB, within caps."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from pixgen_gpu.errors import GpuFailure

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 50_000_000
MIN_EDGE_PX = 64


def decode_photo(data: bytes) -> Image.Image:
    """Decode by content (file names do not matter), apply EXIF rotation, flatten transparency onto white, return RGB.

    Raises GpuFailure PHOTO_UNREADABLE for anything that is not a whole, reasonably sized picture. The API validated the
    photos before; this guards the GPU against a stored object that is damaged or was exchanged.
    """
    try:
        with warnings.catch_warnings():
            # Pillow only warns between its own limit and twice that; our cap below is what counts.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise GpuFailure("PHOTO_UNREADABLE", "too many pixels")
                if min(image.size) < MIN_EDGE_PX:
                    raise GpuFailure("PHOTO_UNREADABLE", "too small")
                upright = ImageOps.exif_transpose(image)
                if "A" in upright.getbands() or "transparency" in upright.info:
                    rgba = upright.convert("RGBA")
                    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
                return upright.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise GpuFailure("PHOTO_UNREADABLE", "not a whole picture in an accepted format") from error
