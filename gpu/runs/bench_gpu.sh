#!/usr/bin/env bash
# Fills the table of `gpu/docs/performance.md` on one card: one command, no network, under ten minutes.
# Usage: bench_gpu.sh WHEELS RESULT.json   (WHEELS: the folder of collect_bench_wheels.sh; python3 must have torch for the card)
set -euo pipefail
wheels=$(realpath "$1")
result=$(realpath -m "$2")
cd "$(dirname "$0")/.."
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --no-index --no-deps --no-compile --target "$site" "$wheels"/*.whl
export PYTHONPATH="$PWD:$site" PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 TORCHINDUCTOR_CACHE_DIR="$site/inductor"
python3 -m pixgen_gpu.cli bench --budget-s 540 --json "$result"
