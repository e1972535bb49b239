"""What a file says about its own making: the recipe of an image, and that a trained model made it.

Both formats carry an XMP packet with IPTC's digital source type, which search engines and editors read, and the recipe.
Where a host has a C2PA certificate, the file also gets a signed manifest ("Content Credentials").
"""

import io
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import quoteattr

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pixgen_gpu.errors import GpuFailure

# IPTC NewsCodes, controlled vocabulary "Digital Source Type": media created by a trained model.
DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
GENERATOR = "PixGen"

Recipe = dict[str, str | int | float | bool]
ImageFormat = Literal["png", "webp"]
CONTENT_TYPES: dict[ImageFormat, Literal["image/png", "image/webp"]] = {"png": "image/png", "webp": "image/webp"}


@dataclass(frozen=True)
class Signer:
    """A C2PA signer: PEM certificate chain, leaf first, and the PEM key of the leaf (P-256)."""

    certificates: str
    key: str

    @staticmethod
    @lru_cache(maxsize=2)
    def read(certificates: Path | None, key: Path | None) -> "Signer | None":
        """The signer in two files, read once; None without them."""
        return Signer(certificates.read_text(), key.read_text()) if certificates and key else None


def image_file(image: Image.Image, recipe: Recipe, kind: ImageFormat = "png", signer: Signer | None = None) -> bytes:
    """Encode an image with its recipe and its marks. Unsigned, the same picture and recipe give the same bytes.

    PNG is lossless; WebP is lossy at quality 92, about a fifth of the size. Raises GpuFailure GPU_INTERNAL when a
    signature was asked for and cannot be made: an unsigned file must not pass for a signed one.
    """
    xmp = _xmp(recipe)
    buffer = io.BytesIO()
    if kind == "png":
        chunks = PngInfo()
        chunks.add_itxt("pixgen", json.dumps(recipe, ensure_ascii=False, sort_keys=True))
        chunks.add_itxt("XML:com.adobe.xmp", xmp)
        image.save(buffer, "PNG", pnginfo=chunks, compress_level=6)
    else:
        image.save(buffer, "WEBP", quality=92, method=4, xmp=xmp.encode())
    return buffer.getvalue() if signer is None else _signed(buffer.getvalue(), CONTENT_TYPES[kind], signer)


def _xmp(recipe: Recipe) -> str:
    value = quoteattr(json.dumps(recipe, sort_keys=True))  # ASCII: XML has no place for some characters
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pixgen="urn:pixgen:recipe:1"
 Iptc4xmpExt:DigitalSourceType="{DIGITAL_SOURCE_TYPE}" xmp:CreatorTool="{GENERATOR}"
 pixgen:recipe={value}/></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def _signed(data: bytes, content_type: str, signer: Signer) -> bytes:
    """The same file with a C2PA manifest: "created by a trained model". No time stamp server is asked."""
    # Only hosts with a key need the library.
    from c2pa import Builder, C2paError, C2paSignerInfo, C2paSigningAlg
    from c2pa import Signer as C2paSigner

    action = {"action": "c2pa.created", "digitalSourceType": DIGITAL_SOURCE_TYPE}
    manifest = {
        "claim_generator_info": [{"name": GENERATOR}],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [action]}}],
    }
    info = C2paSignerInfo(C2paSigningAlg.ES256, signer.certificates.encode(), signer.key.encode(), None)
    signed = io.BytesIO()
    try:
        with C2paSigner.from_info(info) as c2pa_signer, Builder(manifest) as builder:
            builder.sign(c2pa_signer, content_type, io.BytesIO(data), signed)
    except C2paError as error:
        raise GpuFailure("GPU_INTERNAL", f"C2PA signing failed: {type(error).__name__}", retryable=False) from error
    return signed.getvalue()
