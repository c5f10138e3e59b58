# Shared by the scripts of this folder; sourced, not run. Bash.

albert_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
albert_torch_version=2.15.0
albert_cache=${ALBERT_LIBTORCH_CACHE:-${HOME:-/tmp}/.cache/albert}
albert_wheel_folder=$albert_cache/libtorch-$albert_torch_version
albert_python_tests=$albert_cache/python-tests

say() { printf '%s\n' "$*"; }
# fail TEXT [WHAT TO DO]...: ends the script.
fail() {
  printf '%s\n' "error: $1" >&2
  shift
  printf '  %s\n' "$@" >&2
  exit 1
}

# Seconds as "75 s" or "3 min 05 s".
duration() {
  if (($1 < 100)); then printf '%d s' "$1"; else printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); fi
}

# phase NAME COMMAND...: runs quietly, prints one line with the time. The full output goes to $phase_log; its tail is shown on failure,
# followed by the text in $phase_cure. ALBERT_VERBOSE=1 shows everything. Call it as a plain command, never in a condition.
phase() {
  local name=$1 begin=$SECONDS status=0 first_line
  shift
  mkdir -p "$(dirname "$phase_log")"
  printf '== %s: %s\n' "$name" "$*" >>"$phase_log"
  first_line=$(($(wc -l <"$phase_log") + 1))
  if [[ -t 1 && -z ${ALBERT_VERBOSE:-} ]]; then printf '  %-34s ...\r' "$name"; fi
  # `set -e` does nothing inside a command that is tested (`command || ...`), so the status is taken without a test.
  set +e
  if [[ -n ${ALBERT_VERBOSE:-} ]]; then
    (set -e; "$@") </dev/null 2>&1 | tee -a "$phase_log"
    status=${PIPESTATUS[0]}
  else
    (set -e; "$@") </dev/null >>"$phase_log" 2>&1
    status=$?
  fi
  set -e
  if ((status == 0)); then
    printf '  %-34s %s\n' "$name" "$(duration $((SECONDS - begin)))"
    return 0
  fi
  printf '  %-34s failed after %s\n' "$name" "$(duration $((SECONDS - begin)))"
  tail -n "+$first_line" "$phase_log" | tail -n 25 >&2
  fail "$name failed (exit $status); the full log is ${phase_log#"$albert_root"/}" ${phase_cure:+"$phase_cure"}
}

# Compilers get one job for each core, fewer where memory is short (one file of LibTorch headers takes up to 1.5 GB).
build_jobs() {
  local cores memory
  cores=$(nproc 2>/dev/null || echo 2)
  memory=$(awk '/^MemAvailable:/ {print int($2 / 1500000)}' /proc/meminfo 2>/dev/null || echo 2)
  ((memory < 1)) && memory=1
  echo $((cores < memory ? cores : memory))
}

# build_preset PRESET [TARGET...]: configures and builds.
build_preset() {
  local preset=$1
  shift
  (cd "$albert_root" && cmake --preset "$preset" && cmake --build --preset "$preset" -j "$(build_jobs)" ${1:+--target "$@"})
}
