#!/usr/bin/env bash
# Tests that take minutes: they skip themselves unless SHENWEI_LONG=1. Arguments go to go test
# (`scripts/long.sh -run TestKill ./internal/store/...`).
set -euo pipefail
cd "$(dirname "$0")/.."

SHENWEI_LONG=1 go test -race -count=1 -timeout 150m "${@:-./...}"
