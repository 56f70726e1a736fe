#!/usr/bin/env bash
# Benchmarks: the engine and the service as a whole, then the packages' own. Arguments: the
# pattern of the latter (default: all), then packages (default: all).
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/shenwei" ./cmd/shenwei
echo '== engine, one core'
"$dir/shenwei" --dir "$dir/run" bench engine
echo '== service over WebSocket, two cores with the load generator on them'
"$dir/shenwei" --dir "$dir/run" bench ws

echo "== the desk: 200 agents, 5,000 open conversations"
"$dir/shenwei" --dir "$dir/run" bench desk
echo '== one, two and three nodes at the same load; a rolling restart of three under load'
go test ./cmd/shenwei -run '^$' -bench '^BenchmarkCluster$' -benchtime 1x
SHENWEI_LONG=1 go test ./cmd/shenwei -count=1 -run TestARollingRestart -v | grep -E 'offline|^(---|FAIL)'
if CHROMIUM=$(./scripts/chromium.sh) && [[ -d web/ui/node_modules ]]; then
  echo '== the chat page and a guide page on a slow phone, by Lighthouse'
  (cd web/ui && CHROMIUM="$CHROMIUM" SHENWEI_BIN="$dir/shenwei" node browser/lighthouse.bench.mjs)
else
  echo '== Lighthouse: skipped, no Chromium or no web/ui/node_modules'
fi

pattern=${1:-.}
shift || true
SHENWEI_LONG=1 go test -run '^$' -bench "$pattern" -benchmem -timeout 60m "${@:-./...}"
