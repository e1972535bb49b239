"""What an image file says about its making, as other programs read it."""

import datetime
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixgen_gpu.errors import GpuFailure
from pixgen_gpu.provenance import CONTENT_TYPES, DIGITAL_SOURCE_TYPE, ImageFormat, Recipe, Signer, image_file
from tests.conftest import drawn_photo

RECIPE: Recipe = {"prompt": "“quotes” <&> \"'\n雪 \u2028 \U0001f600 \u0007", "seed": 1, "guidance": 5.5, "draft": False}
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"


def xmp_of(data: bytes) -> ET.Element:
    """The XMP packet's description, found as a reader finds it: by its packet markers in the file's bytes."""
    start, end = data.index(b"<x:xmpmeta"), data.index(b"</x:xmpmeta>") + len(b"</x:xmpmeta>")
    description = ET.fromstring(data[start:end]).find(".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    assert description is not None
    return description


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_both_formats_carry_the_ai_mark_and_the_recipe(kind: ImageFormat) -> None:
    data = image_file(drawn_photo(0), RECIPE, kind)
    description = xmp_of(data)
    assert description.attrib[f"{IPTC}DigitalSourceType"] == DIGITAL_SOURCE_TYPE
    assert json.loads(description.attrib["{urn:pixgen:recipe:1}recipe"]) == RECIPE
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert f"image/{(image.format or '').lower()}" == CONTENT_TYPES[kind]
        assert image.size == (200, 200)
        assert "trainedAlgorithmicMedia" in str(image.info.get("xmp") or image.info.get("XML:com.adobe.xmp"))
        if kind == "png":
            assert json.loads(image.text["pixgen"]) == RECIPE  # type: ignore[attr-defined]
            assert image.tobytes() == drawn_photo(0).tobytes()


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_the_same_picture_and_recipe_give_the_same_file(kind: ImageFormat) -> None:
    assert image_file(drawn_photo(0), RECIPE, kind) == image_file(drawn_photo(0), RECIPE, kind)


def make_chain(folder: Path) -> tuple[Path, Path]:
    """A signing certificate of the tests' own authority and its key, in files as an operator has them."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def name(common: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(x509.NameOID.COMMON_NAME, common),
                x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "PixGen tests"),
            ]
        )

    def certificate(subject: str, key: Any, *, is_authority: bool) -> Any:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=not is_authority,
                    key_cert_sign=is_authority,
                    crl_sign=is_authority,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )
        if not is_authority:
            usage = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(usage, critical=False)
        return builder.sign(authority_key, hashes.SHA256())

    authority_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    chain = [
        certificate("images", leaf_key, is_authority=False),
        certificate("authority", authority_key, is_authority=True),
    ]
    certificates, key = folder / "chain.pem", folder / "key.pem"
    certificates.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain))
    key.write_bytes(
        leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificates, key


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    read = Signer.read(*make_chain(tmp_path_factory.mktemp("c2pa")))
    assert read is not None
    return read


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_with_a_key_the_file_is_signed_and_a_changed_one_is_found_out(signer: Signer, kind: ImageFormat) -> None:
    from c2pa import Reader

    data = image_file(drawn_photo(0), RECIPE, kind, signer)
    with Reader(CONTENT_TYPES[kind], io.BytesIO(data)) as reader:
        store = json.loads(reader.json())
        state = reader.get_validation_state()
    manifest = store["manifests"][store["active_manifest"]]
    (action,) = next(a for a in manifest["assertions"] if a["label"].startswith("c2pa.actions"))["data"]["actions"]
    assert (action["action"], action["digitalSourceType"]) == ("c2pa.created", DIGITAL_SOURCE_TYPE)
    assert state == "Valid", store.get("validation_status")
    assert xmp_of(data).attrib[f"{IPTC}DigitalSourceType"] == DIGITAL_SOURCE_TYPE
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (200, 200)

    at = data.index(b"IDAT" if kind == "png" else b"VP8 ") + 60
    changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    with Reader(CONTENT_TYPES[kind], io.BytesIO(changed)) as reader:
        assert reader.get_validation_state() == "Invalid"


def test_a_key_that_cannot_sign_fails_instead_of_leaving_the_file_unsigned(signer: Signer) -> None:
    with pytest.raises(GpuFailure) as failure:
        image_file(drawn_photo(0), RECIPE, "png", Signer(signer.certificates, "not a key"))
    assert failure.value.code == "GPU_INTERNAL"


def test_without_files_there_is_no_signer() -> None:
    assert Signer.read(None, None) is None
    assert Signer.read(Path("chain.pem"), None) is None
