#!/usr/bin/env bash
# 深微 against others: the same knowledge and the same labelled questions through 深微, node-nlp
# and Bleve's cjk analyzer, each in a process of its own. Argument: a labelled file (default:
# the gold questions). Progress goes to standard error, the table to standard output.
set -euo pipefail
file=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
say() { echo "== $*" >&2; }

if [[ -z $file ]]; then
  file=$dir/gold.tsv
  head -n 1 data/gold/crj.tsv >"$file"
  for f in crj rk jj za; do tail -n +2 "data/gold/$f.tsv" >>"$file"; done
fi

say 'build'
go build -o "$dir/shenwei" ./cmd/shenwei
go test -c -o "$dir/peers.test" ./bot/release
say 'node-nlp, for this benchmark only'
(cd scripts/peers && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)

export SHENWEI_PEERS=$file SHENWEI_PEERS_DIR=$dir
part() { # part NAME: that part of TestPeers
  say "$1"
  local log
  log=$("$dir/peers.test" -test.run "^TestPeers\$/^$1\$" 2>&1) || { echo "$log" >&2; exit 1; }
}
node_nlp() {
  say "node-nlp, $1, at most $2 epochs"
  node scripts/peers/node-nlp.js "$dir/corpus.json" "$1" "$2" "${@:3}"
}

part corpus
say 'shenwei eval'
"$dir/shenwei" --dir "$dir/run" eval "$file" --json >"$dir/eval.json"
part shenwei
node_nlp all 2 "$dir/2-node-nlp.json" "$dir/3-node-nlp-threshold.json"
node_nlp all 10 "$dir/4-node-nlp-longer.json"
node_nlp names 20000 "$dir/5-node-nlp-names.json" # stops by itself
part bleve
part bm25
part table
cat "$dir/table.md"
