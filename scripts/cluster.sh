#!/usr/bin/env bash
# Three nodes as in deploy/compose/three.yaml, for real and without containers: PostgreSQL and nginx from
# Debian, nats-server from its Go module, the balancer's files from deploy/nginx. Runs until Ctrl-C and
# leaves nothing behind.
#   scripts/cluster.sh [PORT] [-- COMMAND…]   PORT of the balancer, 8080 by default, 0 for a free one
# With a command it runs that with SHENWEI_CLUSTER_URL and ends with its code. SHENWEI_BIN is a built binary
# that serves; without it one is built.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/cluster-parts.bash

port=8080
if (( $# )) && [[ $1 != -- ]]; then port=$1; shift; fi
[[ ${1:-} == -- ]] && shift
[[ $port == 0 ]] && port=$(free_port)

need_parts
umask 077
dir=$(mktemp -d /tmp/shenwei-cluster.XXXXXX)
chmod 711 "$dir" # PostgreSQL and nginx run as somebody else where this is root
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

bin=${SHENWEI_BIN:-$dir/shenwei}
[[ -n ${SHENWEI_BIN:-} ]] || go build -o "$bin" ./cmd/shenwei
start_postgres
start_nats
keys=$("$bin" keys new)
for n in 1 2 3; do start_node "$n"; done
start_balancer

for n in 1 2 3; do await "node$n" "${node_port[$n]}"; done
await balancer "$port"
cat <<END
balancer   http://127.0.0.1:$port
node1      http://127.0.0.1:${node_port[1]}  pid ${pid[node1]}
node2      http://127.0.0.1:${node_port[2]}  pid ${pid[node2]}
node3      http://127.0.0.1:${node_port[3]}  pid ${pid[node3]}
nats       nats://127.0.0.1:$nats_port  pid ${pid[nats]}
postgres   $dsn  pid ${pid[postgres]}
logs       $dir/*.log
END
if (( $# )); then
  SHENWEI_CLUSTER_URL=http://127.0.0.1:$port "$@"
  exit
fi
echo 'ready; Ctrl-C stops everything'
# A part that ends by itself is told of; the others go on, which is what they are for.
while sleep 1; do
  for name in "${!pid[@]}"; do
    kill -0 "${pid[$name]}" 2>/dev/null || { echo "$name has ended"; unset "pid[$name]"; }
  done
done
