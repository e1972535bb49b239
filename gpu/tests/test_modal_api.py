"""The API that the tests' own Modal server speaks is the one that Modal's pinned client ships."""

import re
from pathlib import Path
from typing import Any

from modal_proto import api_pb2

PROTO = Path(__file__).resolve().parents[2] / "tools" / "modal" / "modal-api.proto"
KINDS = {1: "double", 2: "float", 3: "int64", 5: "int32", 8: "bool", 9: "string", 12: "bytes", 13: "uint32"}
# Well-known types, whose bytes are what counts.
OUTSIDE = {"Any": "google.protobuf.Any", "Empty": "google.protobuf.Empty"}


def kind_of(field: Any) -> str:
    inner = field.message_type or field.enum_type
    return inner.full_name.removeprefix("modal.client.") if inner else KINDS[field.type]


def test_every_field_enum_and_method_is_as_published() -> None:
    api: Any = api_pb2.DESCRIPTOR
    block: list[tuple[str, str]] = []
    checked = 0
    for line in PROTO.read_text().splitlines():
        text = line.strip()
        if opened := re.fullmatch(r"(message|enum|service|oneof) (\w+) \{", text):
            block.append((opened[1], opened[2]))
        elif text == "}":
            block.pop()
        elif method := re.fullmatch(r"rpc (\w+)\((\w+)\) returns \((\w+)\);", text):
            published = api.services_by_name["ModalClient"].methods_by_name[method[1]]
            names = [published.input_type.full_name, published.output_type.full_name]
            assert names == [OUTSIDE.get(name, f"modal.client.{name}") for name in (method[2], method[3])]
            checked += 1
        elif value := re.fullmatch(r"([A-Z_]+) = (\d+);", text):
            enum = block[-1][1]
            known = api_pb2.GenericResult.GenericStatus if enum == "GenericStatus" else getattr(api_pb2, enum)
            assert known.Value(value[1]) == int(value[2])
            checked += 1
        elif field := re.fullmatch(r"(?:(repeated|optional) )?(map<string, \w+>|\w+) (\w+) = (\d+);", text):
            message = next(name for kind, name in reversed(block) if kind == "message")
            if message in OUTSIDE:
                continue
            published = api.message_types_by_name[message].fields_by_name[field[3]]
            assert published.number == int(field[4]), (message, field[3])
            oneof = block[-1][1] if block[-1][0] == "oneof" else None
            if oneof:
                assert published.containing_oneof.name == oneof
            if field[2].startswith("map<"):
                assert published.message_type.GetOptions().map_entry
                assert kind_of(published.message_type.fields_by_name["value"]) == field[2][12:-1]
            else:
                kind = kind_of(published).removeprefix("GenericResult.")
                assert kind == OUTSIDE.get(field[2], field[2]), (message, field[3])
                assert published.is_repeated == (field[1] == "repeated")
            checked += 1
    assert checked > 50
