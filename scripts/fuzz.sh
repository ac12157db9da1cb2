#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the libFuzzer targets (src/**/*_fuzz.cpp) with clang and runs each for some seconds on its seeds.
#   scripts/fuzz.sh [SECONDS_EACH] [GLOB]
# Seeds of x_fuzz lie in tests/fuzz/x_fuzz/ and are never changed. What makes a parser crash is left in build/fuzz/crashes.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-5}
glob=${2:-*_fuzz}

if ! command -v clang++-19 > /dev/null; then
  echo "SKIPPED fuzzing: clang++-19 is not installed (scripts/setup.sh fuzz installs it)"
  exit 0
fi
launcher=()
command -v ccache > /dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
if ! cmake --preset fuzz "${launcher[@]}" > build/fuzz-configure.log 2>&1; then
  tail -n 5 build/fuzz-configure.log
  echo "SKIPPED fuzzing: clang lacks a library (scripts/setup.sh fuzz installs it)"
  exit 0
fi
mapfile -t targets < <(find src -name "$glob.cpp" -name '*_fuzz.cpp' -printf '%f\n' | sed 's/\.cpp$//' | sort)
[ ${#targets[@]} -gt 0 ] || { echo "fuzz: no target matches $glob" >&2; exit 1; }
cmake --build --preset fuzz --target "${targets[@]}" | tail -n 1

failed=()
mkdir -p build/fuzz/crashes
for target in "${targets[@]}"; do
  found=$(mktemp -d)
  seeds=()
  [ -d "tests/fuzz/$target" ] && seeds=("tests/fuzz/$target")
  if OMP_NUM_THREADS=1 "build/fuzz/$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -seed=1 \
      -print_final_stats=1 -artifact_prefix="build/fuzz/crashes/$target-" "$found" "${seeds[@]}" > "build/fuzz/$target.log" 2>&1; then
    echo "fuzz: $target ran $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$target.log") inputs in $seconds s, no crash"
  else
    failed+=("$target")
    tail -n 30 "build/fuzz/$target.log"
    echo "fuzz: $target FAILED, see build/fuzz/$target.log and build/fuzz/crashes"
  fi
  rm -rf "$found"
done
[ ${#failed[@]} -eq 0 ]
