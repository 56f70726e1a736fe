#!/usr/bin/env bash
# Builds web/dist, which is committed, from web/ui.
set -euo pipefail
cd "$(dirname "$0")/../web/ui"

npm ci --no-audit --no-fund --loglevel=error
npm run --silent build
