#!/usr/bin/env bash
# Makes one folder that holds the programs and all that they need: copied anywhere, it runs without root, network, Python or installed
# libraries, also in an empty chroot.
#
#   scripts/package.sh [--build FOLDER] [--output FOLDER] [--cuda] [--archive]
#
#   --build     take the programs of this build folder as they are; without it the preset release is built first
#   --output    the folder to make, build/package/albert-VERSION-linux-ARCHITECTURE by default; it must not exist
#   --cuda      with LibTorch's CUDA part and what it needs from the CUDA wheels (4 GB); the driver comes from the machine that it runs on
#   --archive   also OUTPUT.tar.zst
#
# What is shipped and why the C library is among it: docs/shipping.md. Needs a C++ compiler with a static C library (libc6-dev), binutils.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$albert_root/scripts/package/collect.sh"

build='' output='' cuda=no archive=no
while (($#)); do
  case $1 in
    --build) build=${2:?--build needs a folder}; shift ;;
    --output) output=${2:?--output needs a folder}; shift ;;
    --cuda) cuda=yes ;;
    --archive) archive=yes ;;
    -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) fail "$1: unknown option" "use --build, --output, --cuda, --archive or --help" ;;
  esac
  shift
done

version=$(sed -n 's/^project(albert VERSION \([0-9.]*\).*/\1/p' "$albert_root/CMakeLists.txt")
output=$(realpath -m "${output:-$albert_root/build/package/albert-$version-linux-$(uname -m)}")
[[ ! -e $output ]] || fail "$output: a folder that does not exist is wanted" "remove it, or name another by --output"
[[ $archive == no ]] || command -v zstd >/dev/null || fail "zstd is missing" "install it, or leave --archive out"
phase_log=$albert_root/build/package.log
mkdir -p "$albert_root/build"
: >"$phase_log"

if [[ -z $build ]]; then
  build=$albert_root/build/release
  phase_cure="run scripts/setup.sh, then cmake --build --preset release, to see the error alone"
  phase "programs" build_preset release albert-train albert-finetune albert
fi
[[ -e $build/CMakeCache.txt ]] || fail "$build: a build folder is wanted, found no CMakeCache.txt in it" "build the preset release"

# All is made beside its place and moved there when it is whole.
stage=$output.partial
trap 'rm -rf "$stage"' EXIT
rm -rf "$stage" && mkdir -p "$stage"/{bin,libexec,lib/glibc,share/licences}

# The programs, in libexec; what the build machine's loader gives them, in lib.
collect() {
  local program
  cmake --install "$build" --prefix "$stage/install" --component programs --strip
  mv "$stage"/install/bin/* "$stage/libexec/"
  rm -r "$stage/install"
  list_libraries "$stage"/libexec/* >"$stage/libraries"
  if [[ $cuda == yes ]]; then
    list_cuda_libraries "$stage/libraries" >"$stage/cuda"
    sort -u -o "$stage/libraries" "$stage/libraries" "$stage/cuda"
  fi
  copy_libraries "$stage"
  # From here on the folder refers to itself only.
  cmake "-DRPATH=\$ORIGIN/../lib" -P "$albert_root/scripts/package/set_rpath.cmake" -- "$stage"/libexec/*
  with_search_path "$stage"/lib/*.so* | xargs -r cmake "-DRPATH=\$ORIGIN" -P "$albert_root/scripts/package/set_rpath.cmake" --
  loader=$(basename "$(interpreter_of "$stage/libexec/albert")")
  for program in "$stage"/libexec/*; do
    "${CXX:-c++}" -std=c++20 -O2 -s -static -DALBERT_LOADER="\"$loader\"" -o "$stage/bin/$(basename "$program")" \
      "$albert_root/scripts/package/launcher.cpp"
  done
}

describe() {
  local devices="This package computes on the CPU. It runs on machines with a GPU, too, and does not use it."
  [[ $cuda == no ]] ||
    devices="This package has LibTorch's CUDA part; the NVIDIA driver (libcuda.so.1) comes from the machine that it runs on."
  collect_licences "$stage"
  cp "$albert_root/LICENSE" "$albert_root/scripts/package/albert.def" "$stage/"
  sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$(uname -m)/" -e "s/@DEVICES@/$devices/" \
    "$albert_root/scripts/package/README.txt" >"$stage/README.txt"
  rm -f "$stage/libraries" "$stage/cuda"
  (cd "$stage" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS)
}

# Nothing comes from outside the folder, and the programs start.
check() {
  local program
  for program in "$stage"/bin/*; do
    foreign_libraries "$stage" "$(basename "$program")"
    env -i "$program" --version
  done
}

pack() {
  tar -C "$(dirname "$output")" --sort=name --owner=0 --group=0 --numeric-owner -cf - "$(basename "$output")" |
    zstd -q -T0 -10 -f -o "$output.tar.zst"
}

say "package"
phase_cure=
phase "programs and libraries" collect
phase "licences and check sums" describe
phase "nothing from outside" check
mv "$stage" "$output"
[[ $archive == no ]] || phase "archive" pack
printf '  %-34s %s MB\n' "${output#"$albert_root"/}" "$(du -sm "$output" | cut -f1)"
[[ $archive == no ]] || printf '  %-34s %s MB\n' "${output#"$albert_root"/}.tar.zst" "$(du -m "$output.tar.zst" | cut -f1)"
