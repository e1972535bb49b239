#!/usr/bin/env bash
# Collects what `bench_gpu.sh` needs besides torch, as wheels for a Linux machine that reaches no network (about 60 MB).
# Usage: collect_bench_wheels.sh FOLDER [PYTHON_VERSION of that machine, default 3.12]
set -euo pipefail
folder=$1
python_version=${2:-3.12}
requirements=$(dirname "$0")/../requirements.txt
# torch and what belongs to it must be there already, built for the card; Modal and the servers are not needed.
# What the benchmark imports, with all that those packages ask for; `tests/test_bench.py` holds the list to that.
names='accelerate annotated-doc annotated-types anyio certifi charset-normalizer click diffusers filelock fsspec h11 hf-xet
httpcore2 httpx2 huggingface_hub idna importlib_metadata lazy-importer markdown-it-py mdurl numpy packaging peft pillow psutil
pydantic pydantic_core Pygments PyYAML regex requests rich safetensors shellingham tokenizers tqdm transformers truststore typer
typing-inspection typing_extensions urllib3 zipp'
pins=()
for name in $names; do
  pins+=("$(grep -i "^$name==" "$requirements")")
done
platforms=()
for tag in manylinux_2_28 manylinux_2_27 manylinux_2_17 manylinux2014 manylinux1; do
  platforms+=(--platform "${tag}_x86_64")
done
python3 -m pip download --no-deps --only-binary=:all: --implementation cp --python-version "$python_version" \
  "${platforms[@]}" --dest "$folder" "${pins[@]}"
