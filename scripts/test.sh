#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fuzzes the parsers briefly, then runs all tests of a built preset; ends with ctest's summary.
#   scripts/test.sh [PRESET] [ctest arguments]
set -uo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
[ $# -gt 0 ] && shift

fuzz_status=0
if [ "$preset" = release ]; then
  scripts/fuzz.sh 5 || fuzz_status=$?
else
  echo "SKIPPED fuzzing: it goes with the release preset"
fi

# Several tests share the cores: waiting threads must sleep, and two a test are enough to show what threads change.
export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=2
ctest --preset "$preset" --parallel "$(nproc)" "$@"
test_status=$?
[ $fuzz_status -eq 0 ] || exit 1
exit $test_status
