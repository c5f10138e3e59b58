#!/usr/bin/env bash
# Trains under random faults for MINUTES, and holds every run against an unbroken one; docs/reliability.md.
#
#   scripts/soak.sh MINUTES [--seed SEED] [--report FILE]
#
# Needs the programs (cmake --build --preset release) and python3; strace, where it is there, for faults of single system calls.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in
  "" | -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit $(($# == 0)) ;;
esac
[[ -x $albert_root/build/release/bin/albert-train ]] || fail "build/release/bin/albert-train is not there" "run cmake --preset release && cmake --build --preset release"
exec python3 "$albert_root/scripts/reliability/soak.py" "$@" --binaries "$albert_root/build/release/bin"
