# The parts that scripts/cluster.sh starts; sourced by it. Uses $dir, $bin, $keys, $port; sets $dsn, ports and pids.
# shellcheck shell=bash disable=SC2034,SC2154

declare -A pid=() node_port=()

free_port() { # outside the range that outgoing connections take theirs from
  local p
  while :; do
    p=$((20000 + RANDOM % 10000))
    (: <"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
  done
}

need_parts() {
  pg=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1 || true)
  nginx=$(command -v nginx || echo /usr/sbin/nginx)
  if [[ -z $pg || ! -x $nginx ]] && [[ $(id -u) == 0 && -f /etc/debian_version ]]; then
    echo 'installing postgresql and nginx-light' >&2
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql nginx-light; } >/dev/null
    pg=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1 || true)
  fi
  [[ -n $pg && -x $nginx ]] || { echo 'missing: PostgreSQL or nginx (Debian: postgresql, nginx-light)' >&2; exit 1; }
}

# part NAME COMMAND… starts something that ends with this script, even when that is killed. It stands in a
# session of its own: Ctrl-C is for the script, which stops the parts in order.
part() {
  local name=$1
  shift
  setsid setpriv "${as[@]}" --pdeathsig KILL "$@" >"$dir/$name.log" 2>&1 </dev/null &
  pid[$name]=$!
}
as=()

# PostgreSQL refuses root.
unprivileged() {
  local who
  [[ $(id -u) == 0 ]] || return 0
  for who in postgres nobody; do
    id "$who" >/dev/null 2>&1 && { echo "--reuid=$who --regid=$(id -gn "$who") --clear-groups"; return; }
  done
}

start_postgres() {
  local data=$dir/pg as
  mkdir "$data"
  read -ra as <<<"$(unprivileged)"
  (( ${#as[@]} == 0 )) || chown "$(sed 's/.*reuid=\([^ ]*\).*/\1/' <<<"${as[*]}")" "$data"
  (cd / && setpriv "${as[@]}" --pdeathsig keep "$pg/initdb" -D "$data/data" -U shenwei --auth=trust -E UTF8 --locale=C.UTF-8 --no-sync) >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2; exit 1; }
  part postgres "$pg/postgres" -D "$data/data" -k "$data" -c listen_addresses= -c max_connections=200
  until (cd / && setpriv "${as[@]}" --pdeathsig keep "$pg/createdb" -h "$data" -U shenwei shenwei) 2>/dev/null; do alive postgres; sleep 0.1; done
  dsn="postgres://shenwei@/shenwei?host=$data"
}

start_nats() {
  go build -o "$dir/nats-server" github.com/nats-io/nats-server/v2 # the version of go.mod
  nats_port=$(free_port)
  part nats "$dir/nats-server" --addr 127.0.0.1 --port "$nats_port"
}

start_node() { # start_node NUMBER
  local n=$1
  node_port[$n]=$(free_port)
  export SHENWEI_KEYS_DATA=$keys
  SHENWEI_ADDR=127.0.0.1:${node_port[$n]} SHENWEI_ADMIN_ADDR='' SHENWEI_DIR=$dir/node$n SHENWEI_DB=$dsn SHENWEI_BUS=nats://127.0.0.1:$nats_port \
    SHENWEI_PROXY_TRUSTED=127.0.0.1/32 part "node$n" "$bin" serve
}

start_balancer() { # with deploy's own files; only addresses and the folder for what is written differ
  local edit=(-e "s#/tmp/nginx#$dir/nginx#g" -e "s#listen 8080;#listen 127.0.0.1:$port;#" -e '/listen \[::\]/d') n
  for n in 1 2 3; do edit+=(-e "s#node$n:8080#127.0.0.1:${node_port[$n]}#"); done
  mkdir "$dir/balancer"
  for n in nginx.conf shenwei.conf nodes.conf; do sed "${edit[@]}" "deploy/nginx/$n" >"$dir/balancer/$n"; done
  part balancer "$nginx" -p "$dir" -c "$dir/balancer/nginx.conf" -g 'daemon off;'
}

alive() { # alive NAME: fails with its log when it has ended
  kill -0 "${pid[$1]}" 2>/dev/null || { echo "$1 has ended:" >&2; tail -n 20 "$dir/$1.log" >&2; exit 1; }
}

await() { # await NAME PORT: until it is ready
  local end=$((SECONDS + 120))
  until SHENWEI_ADDR=127.0.0.1:$2 SHENWEI_BUS='' SHENWEI_DB='' "$bin" health 2>/dev/null; do
    alive "$1"
    (( SECONDS < end )) || { echo "$1 does not become ready:" >&2; tail -n 20 "$dir/$1.log" >&2; exit 1; }
    sleep 0.1
  done
}

stop() { # the nodes first, so that they can hand over what they hold
  local code=$? name
  trap '' INT TERM HUP
  end_part TERM node1 node2 node3
  end_part QUIT balancer
  end_part TERM nats
  end_part INT postgres # «fast»
  rm -rf "$dir"
  exit "$code"
}

end_part() { # end_part SIGNAL NAME…: tells all, waits for each, 25 s at most
  local signal=$1 name end=$((SECONDS + 25))
  shift
  for name in "$@"; do [[ -z ${pid[$name]:-} ]] || kill -"$signal" "${pid[$name]}" 2>/dev/null || true; done
  for name in "$@"; do
    [[ -n ${pid[$name]:-} ]] || continue
    while kill -0 "${pid[$name]}" 2>/dev/null && (( SECONDS < end )); do sleep 0.05; done
    kill -KILL "${pid[$name]}" 2>/dev/null || true
    wait "${pid[$name]}" 2>/dev/null || true
  done
}
