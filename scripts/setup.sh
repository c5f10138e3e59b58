#!/usr/bin/env bash
# Installs what building needs: packages of Debian or Ubuntu, and LibTorch. Safe to run again and to interrupt.
#
#   scripts/setup.sh                  packages and LibTorch
#   scripts/setup.sh --python-tests   also the Python environment that the parity tests compare with
#   scripts/setup.sh --check          says what is missing, installs nothing (exit 1 when something is)
#
# LibTorch is taken from where LIBTORCH or CMAKE_PREFIX_PATH say. Without them the pinned torch wheel is put into
# ${ALBERT_LIBTORCH_CACHE:-~/.cache/albert}, once for all clones: only what the CPU needs (1.3 GB), or all of it where an NVIDIA
# driver is found. With everything in place nothing is done and the network is not used. Full log: build/setup.log.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
phase_log=$albert_root/build/setup.log

packages=(
  g++ cmake ninja-build pkg-config ccache mold ca-certificates python3 python3-pip python3-venv
  libsentencepiece-dev libcli11-dev libspdlog-dev libyaml-cpp-dev libgtest-dev libgmock-dev nlohmann-json3-dev
  libicu-dev libzstd-dev zlib1g-dev libgloo-dev libxxhash-dev libssl-dev
)
# Headers by which the libraries are recognised where there is no apt (CPPFLAGS may say where they are): header, then the project's name.
headers=(
  "sentencepiece_processor.h SentencePiece" "CLI/CLI.hpp CLI11" "spdlog/spdlog.h spdlog" "yaml-cpp/yaml.h yaml-cpp"
  "gtest/gtest.h GoogleTest" "gmock/gmock.h GoogleMock" "nlohmann/json.hpp nlohmann-json" "unicode/brkiter.h ICU"
  "zstd.h zstd" "zlib.h zlib" "gloo/config.h Gloo" "xxhash.h xxHash" "openssl/evp.h OpenSSL"
)
# The parts of torch's CUDA dependencies that the CPU library itself is linked to, in the versions that torch's metadata asks for.
cpu_requirements=("torch==$albert_torch_version" nvidia-cuda-runtime==13.2.86 nvidia-cuda-cupti==13.2.86)

python_tests=no check_only=no
for argument in "$@"; do
  case $argument in
    --python-tests) python_tests=yes ;;
    --check) check_only=yes ;;
    -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) fail "$argument: unknown option" "use --python-tests, --check or --help" ;;
  esac
done

# --- Packages ------------------------------------------------------------------------------------------------------------------

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done
}

install_packages() {
  local -a missing root=()
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0
  local command="apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  [[ $check_only == no ]] || fail "missing packages: ${missing[*]}" "run scripts/setup.sh"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "missing packages: ${missing[*]}" "have an administrator run: $command"
    sudo -v || fail "sudo was refused; missing packages: ${missing[*]}" "have an administrator run: $command"
    root=(sudo)
  fi
  root+=(env DEBIAN_FRONTEND=noninteractive)
  phase_cure="check the network and the package sources, then run scripts/setup.sh again"
  phase "package lists" "${root[@]}" apt-get -q update
  phase "${#missing[@]} packages" "${root[@]}" apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}"
}

# Without apt nothing is installed: what is missing is found by trying.
list_missing_without_apt() {
  local -a missing=()
  local program entry
  for program in g++ cmake ninja pkg-config python3; do command -v "$program" >/dev/null || missing+=("$program"); done
  for entry in "${headers[@]}"; do
    if command -v g++ >/dev/null; then
      # __has_include instead of an inclusion: it takes no time.
      printf '#if !__has_include(<%s>)\n#error missing\n#endif\n' "${entry%% *}" | g++ -std=c++20 -E -x c++ ${CPPFLAGS:-} - >/dev/null 2>&1 && continue
    fi
    missing+=("${entry#* }")
  done
  ((${#missing[@]})) || return 0
  fail "this system has no apt-get, and these are missing: ${missing[*]}" \
    "install them with the system's package manager (libraries with their headers), then run scripts/setup.sh again" \
    "on Debian or Ubuntu they are: ${packages[*]}"
}

# --- LibTorch ------------------------------------------------------------------------------------------------------------------

# Prints the folder that holds include/ and lib/ of a LibTorch that the user has.
users_libtorch() {
  local folder
  local -a folders=()
  [[ -n ${LIBTORCH:-} ]] && folders+=("$LIBTORCH" "$LIBTORCH/torch")
  IFS=:\; read -ra prefixes <<<"${CMAKE_PREFIX_PATH:-}"
  for folder in "${prefixes[@]}"; do folders+=("$folder" "$folder/torch" "$folder/../.."); done
  for folder in "${folders[@]}"; do
    if [[ -e $folder/include/ATen/ATen.h && -e $folder/lib/libtorch_cpu.so ]]; then (cd "$folder" && pwd) && return 0; fi
  done
  [[ -z ${LIBTORCH:-} ]] || fail "LIBTORCH=$LIBTORCH: no include/ATen/ATen.h and lib/libtorch_cpu.so in it" \
    "point it at the unpacked LibTorch, or unset it to let this script fetch one"
  return 1
}

has_nvidia_driver() { [[ -e /proc/driver/nvidia/version ]] || nvidia-smi -L >/dev/null 2>&1; }

find_python() {
  local candidate
  for candidate in "${ALBERT_PYTHON:-}" python3 /usr/bin/python3; do
    if [[ -n $candidate ]] && "$candidate" -m pip --version >/dev/null 2>&1; then echo "$candidate" && return 0; fi
  done
  fail "no python3 with pip found" "install python3-pip, or name one in ALBERT_PYTHON"
}

# Is every file of the wheels in a folder there with the size that its RECORD states? (0.5 s; the hashes would take a minute)
# --dependencies: also every package that torch asks for.
wheel_is_complete() { "$python" "$albert_root/scripts/check_wheel.py" "$@"; }

# Builds a new state of the wheel folder beside it and swaps it in, so that an interruption leaves the old one.
# install_wheel base|full
install_wheel() {
  local level=$1 stage=$albert_cache/.staging-libtorch
  rm -rf "$stage"
  mkdir -p "$stage/tmp"
  # Hard links: pip replaces files, it never writes into one, so the folder in use does not change.
  if [[ -d $albert_wheel_folder ]]; then cp -al "$albert_wheel_folder" "$stage/new"; else mkdir "$stage/new"; fi
  rm -f "$stage/new/.albert-"*
  if ! wheel_is_complete "$stage/new" >/dev/null; then
    TMPDIR=$stage/tmp "$python" -m pip install --quiet --no-deps --upgrade --target "$stage/new" "${cpu_requirements[@]}"
  fi
  if [[ $level == full ]] && ! wheel_is_complete --dependencies "$stage/new" >/dev/null; then
    wheel_is_complete --list-dependencies "$stage/new" >"$stage/requirements.txt"
    TMPDIR=$stage/tmp "$python" -m pip install --quiet --upgrade --target "$stage/new" -r "$stage/requirements.txt"
  fi
  wheel_is_complete "$stage/new"
  [[ $level == base ]] || wheel_is_complete --dependencies "$stage/new"
  mark_wheel "$level" "$stage/new"
  if [[ -d $albert_wheel_folder ]]; then mv -T "$albert_wheel_folder" "$albert_wheel_folder.previous"; fi
  mv -T "$stage/new" "$albert_wheel_folder"
  rm -rf "$albert_wheel_folder.previous" "$stage"
}

mark_wheel() {
  touch "$2/.albert-base"
  [[ $1 == base ]] || touch "$2/.albert-full"
}

# ensure_wheel base|full
ensure_wheel() {
  local level=$1
  if [[ -e $albert_wheel_folder/.albert-$level ]]; then return 0; fi
  [[ $check_only == no ]] || fail "LibTorch $albert_torch_version ($level) is not in $albert_cache" "run scripts/setup.sh"
  mkdir -p "$albert_cache"
  exec {lock}>"$albert_cache/.lock"
  flock "$lock"  # clones set up at the same time take turns
  # Killed between the two renames of install_wheel: the previous state is whole.
  if [[ ! -d $albert_wheel_folder && -d $albert_wheel_folder.previous ]]; then mv -T "$albert_wheel_folder.previous" "$albert_wheel_folder"; fi
  rm -rf "$albert_wheel_folder.previous"
  python=$(find_python)
  local -a depth=()
  [[ $level == base ]] || depth=(--dependencies)
  if [[ -d $albert_wheel_folder ]] && wheel_is_complete "${depth[@]}" "$albert_wheel_folder" >/dev/null; then
    mark_wheel "$level" "$albert_wheel_folder"
  else
    phase_cure="check the network and the space in $albert_cache, then run scripts/setup.sh again; or point LIBTORCH at a LibTorch"
    phase "LibTorch $albert_torch_version ($level)" install_wheel "$level"
  fi
  exec {lock}>&-
}

# --- Python for the tests ------------------------------------------------------------------------------------------------------

# Folder in which `import torch` finds the same LibTorch that the build uses.
torch_package_folder() {
  if [[ -n $libtorch && -e $libtorch/__init__.py ]]; then dirname "$libtorch"; else echo "$albert_wheel_folder"; fi
}

python_tests_work() {
  [[ -x $albert_python_tests/bin/python ]] && "$albert_python_tests/bin/python" "$albert_root/scripts/check_wheel.py" \
    --requirements "$albert_root/scripts/python_tests_requirements.txt" "$(torch_package_folder)"
}

install_python_tests() {
  "$python" -m venv --clear "$albert_python_tests"
  local site
  site=$("$albert_python_tests/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
  torch_package_folder >"$site/libtorch.pth"
  "$albert_python_tests/bin/python" -m pip install --quiet -r "$albert_root/scripts/python_tests_requirements.txt"
  python_tests_work
  "$albert_python_tests/bin/python" -c 'import torch, transformers'
}

ensure_python_tests() {
  local stamp
  stamp="$(cksum <"$albert_root/scripts/python_tests_requirements.txt") $(torch_package_folder)"
  if [[ $(cat "$albert_python_tests/.albert-complete" 2>/dev/null) == "$stamp" ]]; then return 0; fi
  [[ $check_only == no ]] || fail "the Python environment of the tests is missing" "run scripts/setup.sh --python-tests"
  python=$(find_python)
  mkdir -p "$albert_cache"
  exec {lock}>"$albert_cache/.lock"
  flock "$lock"
  phase_cure="check the network and the space in $albert_cache, then run scripts/setup.sh --python-tests again"
  if ! python_tests_work >/dev/null 2>&1; then phase "Python for the tests" install_python_tests; fi
  printf '%s\n' "$stamp" >"$albert_python_tests/.albert-complete"
  exec {lock}>&-
}

# --- Main ----------------------------------------------------------------------------------------------------------------------

mkdir -p "$albert_root/build"
: >"$phase_log"
say "set-up"
if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then install_packages; else list_missing_without_apt; fi
libtorch=$(users_libtorch) || { [[ -z ${LIBTORCH:-} ]] || exit 1; libtorch=; }
if [[ -z $libtorch ]]; then
  ensure_wheel base
  if has_nvidia_driver; then ensure_wheel full; fi
fi
if [[ $python_tests == yes ]]; then
  [[ $(torch_package_folder) != "$albert_wheel_folder" ]] || ensure_wheel full
  ensure_python_tests
fi
printf '  %-34s %s\n' "done" "$(duration $SECONDS)"
