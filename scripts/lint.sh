#!/usr/bin/env bash
# Runs the pinned golangci-lint (.golangci.yml). It is compiled into .bin once per version of it
# and of Go, which takes a minute or two: docs/decisions/0001-lint-by-go-install.md.
set -euo pipefail
cd "$(dirname "$0")/.."

version=2.15.0
lint=.bin/golangci-lint

if [[ $("$lint" version 2>/dev/null || true) != *"version $version built with $(go env GOVERSION) "* ]]; then
  echo "compiling golangci-lint $version"
  GOFLAGS='' GOBIN="$PWD/.bin" go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$version"
fi
"$lint" run ./...
