#!/usr/bin/env bash
# From nothing to a small ALBERT that was pre-trained on real English: set-up, build, text, training.
#
#   scripts/quickstart.sh [TEXT_FOLDER]
#
# Without TEXT_FOLDER the text is about 10 MB of documentation prose, taken from packages of the system without installing them
# (scripts/quickstart_text.sh); where there is no apt, or no network, it is the small sample in data/sample.
# With TEXT_FOLDER it is that folder's *.txt files: one paragraph a line, a blank line between documents.
#
# Run again, it goes on where it was interrupted. Everything it makes lies in build/quickstart and runs/: runs/quickstart, or for a folder of
# yours runs/quickstart-FOLDER-CHECKSUM, so that changed text begins a run of its own.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$albert_root"

case ${1:-} in
  -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
  -*) fail "$1: unknown option" "use scripts/quickstart.sh [TEXT_FOLDER]" ;;
esac
if (($# > 1)); then fail "one folder wanted, got $#: $*" "use scripts/quickstart.sh [TEXT_FOLDER]"; fi
if (($# == 1)); then
  compgen -G "$1/*.txt" >/dev/null || fail "$1: a folder with *.txt files wanted, found none" "one paragraph a line, a blank line between documents"
fi

scripts/setup.sh
phase_log=$albert_root/build/quickstart.log
: >"$phase_log"
say "build"
phase_cure="run cmake --build --preset release --target albert-train to see the error alone"
phase "programs" build_preset release albert-train albert-finetune albert

say "text"
text=build/quickstart/text output=runs/quickstart
if (($# == 1)); then
  # A folder of its own for each text: a run goes on with the text that it began with.
  output=runs/quickstart-$(basename "$(realpath "$1")" | tr -c 'A-Za-z0-9._\n-' -)-$(cat "$1"/*.txt | cksum | cut -d' ' -f1)
  rm -rf "$text" && mkdir -p "$text"
  cp "$1"/*.txt "$text/"
  echo own >build/quickstart/source
else
  if [[ $(cat build/quickstart/source 2>/dev/null) != packages ]] || ! compgen -G "$text/*.txt" >/dev/null; then
    phase_cure="name a folder with your own text: scripts/quickstart.sh FOLDER"
    phase "from packages of the system" scripts/quickstart_text.sh "$text"
  fi
  if [[ $(cat build/quickstart/source) == sample ]]; then
    output=runs/quickstart-sample
    say "  No package with documentation could be fetched (no apt, or no network): the small sample in data/sample is used."
    say "  It is enough to see everything work, but too small to learn much from; your own text does better: scripts/quickstart.sh FOLDER"
  fi
fi
printf '  %-34s %s files, %s MB\n' "$text" "$(find "$text" -name '*.txt' | wc -l)" "$(cat "$text"/*.txt | wc -c | awk '{printf "%.1f", $1 / 1e6}')"

say "pre-training"
begin=$SECONDS
status=0
build/release/bin/albert-train configs/pretrain/quickstart.yaml --output "$output" --set "data.store=$output/store" </dev/null || status=$?
if ((status == 75)); then
  say "stopped on request and saved; scripts/quickstart.sh${1:+ $1} goes on from there"
  exit 75
fi
((status == 0)) || exit "$status"
printf '  %-34s %s\n\n' "trained" "$(duration $((SECONDS - begin)))"
say "model:   $output/final   (transformers: AlbertForPreTraining.from_pretrained(\"$output/final\"))"
say "curves:  $output/curves.svg"
say "This model is made to be quick. Sentence order (sop_accuracy) stays near chance at its size; configs/pretrain/small.yaml, 35 minutes"
say "on two cores, learns both objectives."
printf 'total:   %s\n' "$(duration $SECONDS)"
