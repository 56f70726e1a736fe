#!/usr/bin/env bash
# Runs each fuzz test for a while. Argument: the time (default 30s). A finding is written below the
# testdata folder of its package: commit it with the fix.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:-30s}
failed=0
for package in $(go list ./...); do
  tests=$(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true)
  for test in $tests; do
    echo "== $package $test"
    SHENWEI_LONG=1 go test -run '^$' -fuzz "^$test\$" -fuzztime "$time" -fuzzminimizetime 5s "$package" || failed=1
  done
done
exit "$failed"
