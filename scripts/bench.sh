#!/usr/bin/env bash
# Benchmarks. Arguments: the pattern (default: all), then packages (default: all).
set -euo pipefail
cd "$(dirname "$0")/.."

pattern=${1:-.}
shift || true
SHENWEI_LONG=1 go test -run '^$' -bench "$pattern" -benchmem -timeout 60m "${@:-./...}"
