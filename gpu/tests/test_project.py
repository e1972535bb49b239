"""The project's own rules: fresh generated files, golden messages, environment table, who may import Modal."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from pixgen_gpu import protocol
from pixgen_gpu.settings import Settings

GPU = Path(__file__).resolve().parents[1]
GOLDEN = GPU.parent / "packages" / "domain" / "golden"


def test_the_generated_protocol_is_fresh() -> None:
    subprocess.run([sys.executable, GPU / "scripts" / "generate_protocol.py", "--check"], check=True)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_golden_messages_parse_and_come_out_as_they_went_in(path: Path) -> None:
    golden = json.loads(path.read_text())
    model: type[BaseModel] = getattr(protocol, golden["message"])
    parsed = model.model_validate(golden["value"])
    assert json.loads(parsed.model_dump_json(by_alias=True)) == golden["value"]
    with pytest.raises(ValueError, match="extra"):
        model.model_validate(golden["value"] | {"unknownField": 1})


def test_there_are_golden_messages() -> None:
    assert len(list(GOLDEN.glob("*.json"))) >= 10


def test_env_example_lists_exactly_the_variables_with_their_defaults() -> None:
    lines = (GPU / ".env.example").read_text().splitlines()
    listed = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    defaults = {name.upper(): str(field.default) for name, field in Settings.model_fields.items()}
    assert listed == defaults


def test_only_modal_app_imports_modal_and_nothing_imports_torchvision() -> None:
    for path in [*GPU.glob("*.py"), *(GPU / "pixgen_gpu").rglob("*.py"), *(GPU / "scripts").glob("*.py")]:
        roots: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                roots |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                roots.add(node.module.split(".")[0])
        assert "torchvision" not in roots
        assert ("modal" in roots) == (path.name == "modal_app.py"), path.name


def test_requirements_are_exact_and_name_no_place_to_download_from() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-pretraining.txt"):
        for line in (GPU / name).read_text().splitlines():
            assert re.fullmatch(r"#.*|-r requirements\.txt|[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.!]*", line), line


def test_starting_the_server_does_not_import_torch() -> None:
    script = "import sys, server; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], cwd=GPU, check=True)
