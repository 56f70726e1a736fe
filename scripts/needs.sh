#!/usr/bin/env bash
# What the tests need from the machine. On Debian, as root, what is missing is installed; elsewhere
# it is named. Fails only when something is missing that the tests can't do without.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(chromium fonts-noto-cjk postgresql prometheus nginx-light)

installed() { [[ $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) == 'install ok installed' ]]; }
have() { command -v "$1" >/dev/null 2>&1; }
have_chromium() { ./scripts/chromium.sh >/dev/null; }
have_postgres() { have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
have_nginx() { have nginx || [[ -x /usr/sbin/nginx ]]; }
have_cjk() { ! have fc-list || [[ -n $(fc-list :lang=zh-cn 2>/dev/null) ]]; }

if [[ $(id -u) == 0 && -f /etc/debian_version ]] && have apt-get; then
  missing=()
  for p in "${packages[@]}"; do installed "$p" || missing+=("$p"); done
  have g++ || have c++ || missing+=(g++)
  if (( ${#missing[@]} )); then
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
      { tail -n 30 "$log"; echo "apt-get could not install ${missing[*]}"; }
    rm -f "$log"
  fi
fi

fail=0
must() { echo "missing: $1"; fail=1; }
may() { # in CI nothing may be skipped
  if [[ ${CI:-} == true ]]; then must "$1"; else echo "missing: $1 (the tests that need it are skipped)"; fi
}
have go || must 'Go, the version that go.mod names or a newer one'
have g++ || have c++ || must 'a C++ compiler'
have node || must 'Node.js 20.19 or newer'
have npm || must npm
have git || may 'git'
have_chromium || may 'Chromium (Debian: chromium)'
have_postgres || may 'PostgreSQL with initdb (Debian: postgresql)'
have promtool || may 'promtool (Debian: prometheus)'
have_nginx || may 'nginx (Debian: nginx-light)'
have_cjk || may 'a Chinese font (Debian: fonts-noto-cjk)'
exit "$fail"
