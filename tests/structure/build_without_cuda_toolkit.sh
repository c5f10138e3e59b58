#!/usr/bin/env bash
# Configures and builds the programs on a machine that looks as if it had no CUDA toolkit. Quick where the compiler cache holds the
# objects of the release preset: the flags are the same, and BUILD must lie as deep below SOURCE as build/release.
#   build_without_cuda_toolkit.sh SOURCE BUILD LIBTORCH
set -euo pipefail
source_folder=$1 build_folder=$2 libtorch=$3

# Where the toolkit is: nvcc may be a link or a small script in a folder of the system.
mapfile -t toolkits < <(
  for nvcc in $(type -ap nvcc) /usr/local/cuda*/bin/nvcc "${CUDA_HOME:-/none}/bin/nvcc" "${CUDA_PATH:-/none}/bin/nvcc"; do
    folder=$(dirname "$(dirname "$(realpath -m "$nvcc")")")
    [[ ! -x $nvcc || ! -d $folder/nvvm || -L $folder/nvvm ]] || echo "$folder"
  done | sort -u
)
# PATH without it: a folder that holds nvcc among other programs is replaced by links to the others.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
filtered=
IFS=: read -ra path_folders <<<"$PATH"
for folder in "${path_folders[@]}"; do
  if [[ -x $folder/nvcc ]]; then
    links=$(mktemp -d -p "$scratch")
    find -L "$folder" -maxdepth 1 -type f -executable ! -name 'nvcc*' ! -name 'cuda*' -exec ln -s -t "$links" {} +
    folder=$links
  fi
  filtered+=${filtered:+:}$folder
done
export PATH=$filtered
unset CUDA_HOME CUDA_PATH CUDA_ROOT CUDACXX CUDAToolkit_ROOT CPATH CPLUS_INCLUDE_PATH LIBRARY_PATH

build() {
  if command -v nvcc; then echo "nvcc is still in PATH" >&2; return 1; fi
  rm -rf "$build_folder"
  (cd "$source_folder" && cmake --preset release -B "$build_folder" -DALBERT_TESTS=OFF -DLIBTORCH="$libtorch")
  cmake --build "$build_folder" -j 2
  for program in albert-train albert-finetune albert; do "$build_folder/bin/$program" --version; done
  if grep -iE '^(CMAKE_CUDA_COMPILER|CUDAToolkit_[A-Z]+|CUDA_[A-Z_]*(TOOLKIT|NVCC)[A-Z_]*):.*=/' "$build_folder/CMakeCache.txt"; then
    echo "the build found a CUDA toolkit" >&2
    return 1
  fi
}

# Where the system lets us, an empty folder covers the toolkit, so that no well-known place is left; else only PATH and variables hide it.
if ((${#toolkits[@]})) && unshare -rm true 2>/dev/null; then
  echo "hidden: ${toolkits[*]}"
  export source_folder build_folder libtorch
  # shellcheck disable=SC2016
  unshare -rm bash -c 'set -euo pipefail
    for folder in "$@"; do mount -t tmpfs none "$folder"; done
    '"$(declare -f build)"'
    build' build "${toolkits[@]}"
else
  build
fi
rm -rf "$build_folder"
