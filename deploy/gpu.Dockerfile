# syntax=docker/dockerfile:1
# The GPU server on a machine of your own. With Modal it is not needed: see gpu/modal_app.py.
FROM python:3.12-slim-bookworm
# torch.compile writes C and has it compiled; without a compiler everything is drawn, but slower.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home pixgen
WORKDIR /gpu
COPY gpu/requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt
COPY gpu/ .
RUN mkdir /data && chown pixgen /data
USER pixgen
# Compiled code is kept in the volume: it outlives the container, and a tmpfs of Docker's is mounted noexec.
ENV GPU_SERVER_HOST=0.0.0.0 GPU_SERVER_PORT=4100 PIXGEN_GPU_DATA_DIR=/data \
  TORCHINDUCTOR_CACHE_DIR=/data/compiled/inductor TRITON_CACHE_DIR=/data/compiled/triton
EXPOSE 4100
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:4100/healthz', timeout=4)"]
CMD ["python", "server.py"]
