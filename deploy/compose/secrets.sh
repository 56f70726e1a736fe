#!/usr/bin/env bash
# Makes the secrets of three.yaml in ./secrets, once: what is there stays. Keep a copy of keys_data
# apart from the database's backups; without it personal data in the database cannot be read.
set -euo pipefail
cd "$(dirname "$0")"

mkdir -p secrets
chmod 700 secrets # containers read single files of it, people on this host none

random() { # random BYTES FORMAT
  case $2 in
    hex) od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n' ;;
    base64) head -c "$1" /dev/urandom | base64 -w0 ;;
  esac
}
make() { # make NAME VALUE
  [[ -e secrets/$1 ]] && { echo "secrets/$1 is there already"; return; }
  printf '%s\n' "$2" >"secrets/$1"
  chmod 644 "secrets/$1" # the containers' users are not this one
  echo "secrets/$1 is made"
}
make db_password "$(random 24 hex)"
make db "postgres://shenwei:$(cat secrets/db_password)@postgres:5432/shenwei?sslmode=disable"
make keys_data "k$(random 3 hex):$(random 32 base64)"
