#!/usr/bin/env bash
# Everything that must hold before a change lands, the cheapest first. Stops at the first step that
# fails and exits with its code.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null
export NO_COLOR=1

step() { # step NAME COMMAND...
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  "$@"
  echo "== $name: $((SECONDS - start)) s"
}

in_ui() { (cd web/ui && "$@"); }

dist_is_committed() {
  if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    echo 'not a git repository: cannot compare web/dist with what is committed'
    return
  fi
  git diff --exit-code --stat -- web/dist || { echo 'web/dist is not what web/ui builds: run make ui and commit it'; return 1; }
  local new
  new=$(git ls-files --others --exclude-standard -- web/dist)
  [[ -z $new ]] || { printf 'web/dist has files that are not committed:\n%s\n' "$new"; return 1; }
}

program=''
beside=$(mktemp)
trap '[[ -z $program ]] || kill "$program" 2>/dev/null || true; rm -f "$beside"' EXIT

# program_tests waits for the tests that were started beside others and prints what they said.
program_tests() {
  local code=0
  wait "$program" || code=$?
  program=''
  cat "$beside"
  return "$code"
}

browser_tests() {
  local chromium
  if chromium=$(./scripts/chromium.sh); then
    in_ui env CHROMIUM="$chromium" npm run --silent test:browser
  else
    echo 'skipped: no Chromium'
  fi
}

step needs ./scripts/needs.sh
step lint ./scripts/lint.sh
step vet go vet ./...
# cmd/shenwei starts whole services and builds many engines, kb/exchange writes and reads whole workbooks and does
# nothing at once: with the race detector they take longer than all the rest, which has it; make long runs them with it.
# They wait more than they compute, so they run beside the rest.
slow='cmd/shenwei$|kb/exchange$'
go test -timeout 20m $(go list ./... | grep -E "$slow") >"$beside" 2>&1 &
program=$!
step 'go test' go test -race -timeout 15m $(go list ./... | grep -vE "$slow")
step 'go test, the program' program_tests
# A module of its own, for parsers that the product does not need; it reads files outside of it, which go's cache
# of results does not see.
step 'go test, deploy' go -C deploy/verify test -count=1 ./...
step 'npm ci' in_ui npm ci --no-audit --no-fund --loglevel=error
step 'type check' in_ui npm run --silent check
step vitest in_ui npm run --silent test
step build in_ui npm run --silent build
step 'web/dist' dist_is_committed
step browser browser_tests
echo "== all passed: $SECONDS s"
