#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what a target needs:  scripts/setup.sh [--dry-run] GROUP...
# The groups and packages are in packages.txt. Says what it installs and why; silent and quick when all is there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

dry_run=false
if [ "${1:-}" = --dry-run ]; then dry_run=true; shift; fi
if [ $# -eq 0 ]; then
  echo "usage: scripts/setup.sh [--dry-run] GROUP...   groups: $(awk 'NF && !/^#/ {print $1}' "$here/packages.txt" | uniq | xargs)" >&2
  exit 2
fi

declare -A reason
wanted=()
for group in "$@"; do
  found=false
  while read -r g package why; do
    [ "$g" = "$group" ] || continue
    found=true
    wanted+=("$package")
    reason[$package]=$why
  done < <(grep -v '^#' "$here/packages.txt")
  if ! $found; then echo "setup: unknown group '$group'" >&2; exit 2; fi
done

if ! command -v dpkg-query > /dev/null; then
  echo "setup: this is not a Debian system; what is needed by other means: ${wanted[*]}" >&2
  exit 0
fi

# dpkg-query fails for packages it never heard of, and still prints the others.
status=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2> /dev/null || true)
installed=" $(awk '$1 == "ii" {print $2}' <<< "$status" | xargs) "
missing=()
for package in "${wanted[@]}"; do
  case $installed in *" $package "*) ;; *) missing+=("$package") ;; esac
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "setup: installing ${#missing[@]} Debian packages with apt-get:" >&2
for package in "${missing[@]}"; do printf '  %-24s %s\n' "$package" "${reason[$package]}" >&2; done
$dry_run && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo > /dev/null; then
    echo "setup: root or sudo is needed; as root:  apt-get install ${missing[*]}" >&2
    exit 2
  fi
  as_root=(sudo)
fi
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" > "$log" 2>&1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt update || echo "setup: the package lists could not be refreshed, trying with the old ones" >&2
if ! apt install --yes --no-install-recommends "${missing[@]}"; then
  tail -n 20 "$log" >&2
  echo "setup: apt-get could not install them" >&2
  exit 2
fi
