#!/usr/bin/env bash
# Sets up, builds and runs the tests with the labels unit, parity and integration (and gpu where there is an NVIDIA driver).
#
#   scripts/test.sh [--no-python] [--label LABEL]... [--preset PRESET]
#
#   --no-python   without the Python reference environment: the tests that compare with it live are skipped
#   --label       only these labels
#   --preset      build preset, release by default
#
# Ends with ctest's summary, which has the time of each label. Exits non-zero when a test failed. Full output: build/test.log.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python=yes preset=release labels=()
while (($#)); do
  case $1 in
    --no-python) python=no ;;
    --label) labels+=("${2:?--label needs a name}"); shift ;;
    --preset) preset=${2:?--preset needs a name}; shift ;;
    -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) fail "$1: unknown option" "use --no-python, --label, --preset or --help" ;;
  esac
  shift
done
if ((${#labels[@]} == 0)); then
  labels=(unit parity integration)
  if [[ -e /proc/driver/nvidia/version ]]; then labels+=(gpu); fi
fi

begin=$SECONDS
if [[ $python == yes ]]; then
  "$albert_root/scripts/setup.sh" --python-tests
  export ALBERT_TEST_PYTHON=$albert_python_tests/bin/python
else
  "$albert_root/scripts/setup.sh"
  unset ALBERT_TEST_PYTHON
fi

phase_log=$albert_root/build/test.log
: >"$phase_log"
say "build"
phase_cure="run cmake --build --preset $preset to see the error alone"
phase "preset $preset" build_preset "$preset"

say "tests: ${labels[*]}"
folder=$albert_root/build/$preset
pattern="^($(IFS='|'; echo "${labels[*]}"))\$"
status=0
# Two at a time: tests that measure time or memory, or that use both cores, are marked RUN_SERIAL.
ctest --test-dir "$folder" -L "$pattern" -j 2 --no-tests=error --output-on-failure --output-junit test-results.xml \
  </dev/null >"$phase_log.ctest" 2>&1 || status=$?
cat "$phase_log.ctest" >>"$phase_log"
if ((status != 0)); then
  # What each failed test said: from its result line to the next test's.
  awk '/^ *[0-9]+\/[0-9]+ Test +#/ {show = /\*\*\*(Failed|Timeout|Exception|Not Run)/} /tests passed,/ {exit} show' "$phase_log.ctest" | head -n 400
fi
printf '  %-34s %s\n\n' "all of it took" "$(duration $((SECONDS - begin)))"
# ctest's own summary: failures, time per label (summed over the tests), total.
sed -n '/tests passed,/,$p;/^No tests were found/p' "$phase_log.ctest"
rm -f "$phase_log.ctest"
exit "$status"
