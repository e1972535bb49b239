#!/bin/sh
# Prints a .env for docker-compose.yml with fresh secrets:  sh deploy/make-env.sh > .env
set -eu
secret() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
cat <<ENV
# Where people open PixGen.
PUBLIC_URL=http://localhost:3000
# Browsers and containers must reach the object store under one address; *.localhost is this machine in every browser.
S3_ENDPOINT=http://s3.localhost:8333
S3_BUCKET=pixgen
S3_REGION=us-east-1
S3_ACCESS_KEY_ID=$(secret)
S3_SECRET_ACCESS_KEY=$(secret)
POSTGRES_PASSWORD=$(secret)
POSTGRES_APP_PASSWORD=$(secret)
REDIS_PASSWORD=$(secret)
TICKET_KEY=$(secret)
# Signs sessions: a 2048-bit RSA key, PEM in base64.
SESSION_PRIVATE_KEY=$(openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 | base64 | tr -d '\n')
GPU_SERVER_SECRET=$(secret)
OBJECT_STORE_INTERNAL_KEY=$(secret)
# tiny: draws simple things on any machine. nano: random weights, for trying the steps. sdxl: the real one, on an NVIDIA card.
GPU_PROFILE=tiny
# closed, invite or open: who may make an account.
REGISTRATION=invite
ENV
