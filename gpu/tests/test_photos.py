"""Photos: every accepted format, upright, whole; anything else refused with a code."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pixgen_gpu.buckets import MAX_ASPECT, choose_bucket, fit_to_bucket
from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.photos import decode_photo
from tests.conftest import drawn_photo, encoded


def refused(data: bytes) -> str:
    with pytest.raises(GpuFailure) as failure:
        decode_photo(data)
    return failure.value.code


@pytest.mark.parametrize(("orientation", "size"), [(1, (90, 70)), (3, (90, 70)), (6, (70, 90)), (8, (70, 90))])
def test_exif_rotation_is_applied(orientation: int, size: tuple[int, int]) -> None:
    image = Image.new("RGB", (90, 70), "blue")
    image.paste("red", (0, 0, 45, 70))  # left half
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = decode_photo(encoded(image, exif=exif.tobytes(), quality=95))
    assert upright.size == size
    # where the left half comes to lie: stays, right, top, bottom
    inside = {1: (5, 35), 3: (85, 35), 6: (35, 5), 8: (35, 85)}[orientation]
    red, _, blue = np.asarray(upright)[inside[1], inside[0]].tolist()
    assert red > 200 > 60 > blue


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_accepted_formats_become_rgb_whatever_their_name(kind: str) -> None:
    assert decode_photo(encoded(drawn_photo(1), kind)).mode == "RGB"


@pytest.mark.parametrize("mode", ["L", "P", "LA", "CMYK", "1", "I;16", "RGBA"])
def test_every_colour_mode_becomes_rgb(mode: str) -> None:
    source = drawn_photo(1).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        source = Image.fromarray(np.asarray(source, dtype=np.uint16) * 257)
    assert decode_photo(encoded(source, "JPEG" if mode == "CMYK" else "PNG")).mode == "RGB"


def test_transparency_becomes_white() -> None:
    image = Image.new("RGBA", (80, 80), (255, 0, 0, 0))
    assert decode_photo(encoded(image, "PNG")).getpixel((40, 40)) == (255, 255, 255)


def test_a_truncated_file_is_refused_not_padded_with_grey() -> None:
    whole = encoded(drawn_photo(2))
    assert {refused(whole[:length]) for length in (0, 10, len(whole) // 2, len(whole) - 20)} == {"PHOTO_UNREADABLE"}


@pytest.mark.parametrize("data", [b"plain text", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + bytes(50)])
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    assert refused(data) == "PHOTO_UNREADABLE"


def test_a_decompression_bomb_is_refused_before_it_is_decoded() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 20_000, 10_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    assert refused(bomb) == "PHOTO_UNREADABLE"
    assert refused(encoded(Image.new("RGB", (63, 500)))) == "PHOTO_UNREADABLE"


@given(st.binary(max_size=400), st.integers(0, 2000))
def test_no_bytes_crash_the_decoder(noise: bytes, at: int) -> None:
    whole = bytearray(encoded(Image.new("RGB", (70, 70), "green"), "PNG"))
    whole[at : at + len(noise)] = noise
    with contextlib.suppress(GpuFailure):
        decode_photo(bytes(whole))


@given(st.integers(64, 8000), st.integers(64, 8000), st.sampled_from([(512, 32), (768, 32), (1024, 32), (128, 8)]))
def test_a_bucket_keeps_the_proportions_of_the_whole_photo(width: int, height: int, size: tuple[int, int]) -> None:
    resolution, step = size
    bucket = choose_bucket(width, height, resolution, step)
    assert bucket.width % step == bucket.height % step == 0
    assert 0.6 * resolution**2 <= bucket.width * bucket.height <= 1.1 * resolution**2
    wanted = min(MAX_ASPECT, max(1 / MAX_ASPECT, width / height))
    assert abs(bucket.width / bucket.height / wanted - 1) <= 0.08


def test_nothing_is_cropped_so_heads_stay_on() -> None:
    portrait = Image.new("RGB", (300, 500), "black")
    portrait.paste("white", (0, 0, 300, 25))  # the top 5 %, where a square crop would cut
    portrait.paste("white", (0, 475, 300, 500))
    bucket = choose_bucket(300, 500, 128, 8)
    pixels = fit_to_bucket(portrait, bucket)
    assert pixels.shape == (3, bucket.height, bucket.width)
    assert bucket.height > bucket.width
    assert pixels[:, :2].mean() > 0.9
    assert pixels[:, -2:].mean() > 0.9


def test_a_panorama_is_padded_rather_than_squeezed() -> None:
    panorama = Image.new("RGB", (2000, 200), "black")
    panorama.paste("white", (950, 50, 1050, 150))  # a square in the middle
    pixels = fit_to_bucket(panorama, choose_bucket(2000, 200, 512, 32))[0] > 0.5
    width, height = int(pixels.any(dim=0).sum()), int(pixels.any(dim=1).sum())
    assert abs(width / height - 1) < 0.2


def test_the_photo_bytes_never_need_a_file_name() -> None:
    with Image.open(io.BytesIO(encoded(drawn_photo(0)))) as image:
        assert image.format == "JPEG"  # what a phone calls IMG_0001.JPG
    assert decode_photo(encoded(drawn_photo(0))).size == (200, 200)
