#!/usr/bin/env bash
# The ablation of the ALBERT paper at small scale: what layers share, the width of the embeddings, the second target, and BERT.
#
#   scripts/ablation.sh [--jobs 2] [--seeds 1,2,3] [--miniature] [--data FOLDER] [--output FOLDER] [--page FILE]
#
# 27 runs of configs/ablation with fine-tuning, about 90 minutes on two quiet cores, and docs/ablation.md from their results. Run again,
# it goes on where it was interrupted; finished runs are not repeated. --miniature does all of it in two minutes, to see that it works:
# its figures mean nothing and go to OUTPUT/ablation.md. Needs Python 3 and the texts that configs/ablation/base.yaml names.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$albert_root"

case ${1:-} in
  -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
esac
for program in albert-train albert-finetune albert; do
  [[ -x build/release/bin/$program ]] ||
    fail "build/release/bin/$program is missing" "scripts/setup.sh && cmake --preset release && cmake --build --preset release"
done
exec python3 scripts/ablation.py "$@"
