#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every tracked C++ source must be as clang-format 19 with the repository's .clang-format would write it.
# scripts/format_check.sh [--fix]
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run --Werror)
[ "${1:-}" = --fix ] && mode=(-i)
mapfile -d '' -t files < <(git ls-files -z -- '*.cpp' '*.h')
[ ${#files[@]} -gt 0 ] || { echo "format: no sources found" >&2; exit 1; }
printf '%s\0' "${files[@]}" | xargs -0 -n 40 -P "$(nproc)" clang-format-19 "${mode[@]}"
echo "format: ${#files[@]} files are well"
