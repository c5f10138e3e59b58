# Which files a package holds, and their licences. Sourced by scripts/package.sh. Bash.

# Parts of the C library: they fit each other and the loader of the same build, and nothing else.
glibc_names='^(ld-linux.*|libc|libm|libmvec|libdl|libpthread|librt|libutil|libresolv|libanl|libnss_.*|libBrokenLocale|libthread_db)\.so'

interpreter_of() { LC_ALL=C readelf -lW "$1" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p'; }

# Paths of all libraries that files need in turn, as the loader of this machine finds them.
# A driver is the only thing that may be missing: it belongs to the machine that the package runs on.
list_libraries() {
  local file text
  for file in "$@"; do
    text=$(ldd "$file")
    if grep -v '^\s*libcuda\.so' <<<"$text" | grep 'not found' >&2; then return 1; fi
    sed -nE 's/^\s*(\S+ => )?(\/.*) \(0x[0-9a-f]+\)$/\2/p' <<<"$text"
  done | sort -u
}

# LibTorch's CUDA part, what it needs, and the libraries that cuDNN and NVRTC load by name.
# list_cuda_libraries LIBRARIES: a file with the list of the programs' libraries
list_cuda_libraries() {
  local torch libraries name folder
  torch=$(dirname "$(grep '/libtorch_cpu\.so$' "$1")")
  [[ -e $torch/libtorch_cuda.so ]] || fail "$torch: LibTorch without a CUDA part" "name one that has it when building (LIBTORCH), or leave --cuda out"
  libraries=$(list_libraries "$torch"/libtorch_cuda.so "$torch"/libtorch_cuda_linalg.so "$torch"/libcaffe2_nvrtc.so)
  printf '%s\n' "$libraries" "$torch"/libtorch_cuda.so "$torch"/libtorch_cuda_linalg.so "$torch"/libcaffe2_nvrtc.so
  for name in libcudnn libnvrtc; do
    folder=$(dirname "$(grep "/$name\.so" <<<"$libraries")")
    find "$folder" -name 'libcudnn_*.so*' -o -name 'libnvrtc-builtins*.so*'
  done
}

# Copies STAGE/libraries into STAGE/lib and STAGE/lib/glibc, each under the name by which it is asked for.
copy_libraries() {
  local path name folder
  while read -r path; do
    name=$(basename "$path")
    folder=$1/lib
    [[ ! $name =~ $glibc_names ]] || folder=$1/lib/glibc
    cp -L "$path" "$folder/$name"
    chmod 755 "$folder/$name"
  done <"$1/libraries"
}

# Those of the files that have a search path of their own.
with_search_path() {
  local file
  for file in "$@"; do
    if LC_ALL=C readelf -dW "$file" | grep -qE '\((RPATH|RUNPATH)\)'; then echo "$file"; fi
  done
}

# Fails, and names them, when a program of the package would load something from outside.
# foreign_libraries STAGE NAME
foreign_libraries() {
  local loader text
  loader=$(echo "$1"/lib/glibc/ld-linux*)
  text=$(env -i "$loader" --library-path "$1/lib/glibc:$1/lib" --list "$1/libexec/$2")
  if grep -vF -e "$1/" -e linux-vdso -e linux-gate <<<"$text"; then return 1; fi
}

# --- Licences ------------------------------------------------------------------------------------------------------------------

# Name and version of the Debian package that holds a file; also where /lib and /usr/lib are one folder.
debian_package_of() {
  local path
  command -v dpkg-query >/dev/null || return 1
  for path in "$1" "/usr$1" "${1#/usr}" "$(realpath "$1")" "$(realpath "$1" | sed 's|^/usr||')"; do
    if dpkg-query -S "$path" 2>/dev/null | head -n 1 | cut -d: -f1 | grep .; then return 0; fi
  done
  return 1
}

# The .dist-info folder of the wheel that a file is from, with the size that its RECORD states. wheel_of FILE
wheel_of() {
  local folder file size record
  file=$(realpath "$1")
  size=$(stat -c %s "$file")
  folder=$(dirname "$file")
  while [[ $folder != / ]]; do
    for record in "$folder"/*.dist-info/RECORD; do
      [[ -e $record ]] || continue
      if awk -F, -v file="${file#"$folder"/}" -v size="$size" '{sub(/\r$/, "")} $1 == file && $3 == size {found = 1} END {exit !found}' "$record"; then
        dirname "$record"
        return
      fi
    done
    folder=$(dirname "$folder")
  done
  return 1
}

# STAGE/share/licences: the texts by package, the texts of Debian's common licences that they name, and FILES, which says for each library
# where it comes from. The source of a Debian package: apt-get source NAME=VERSION.
collect_licences() {
  local path name package wheel folder=$1/share/licences
  cp "$albert_root/LICENSE" "$folder/albert"
  printf '# library\tfrom\tversion\n' >"$folder/FILES"
  while read -r path; do
    name=$(basename "$path")
    if package=$(debian_package_of "$path"); then
      dpkg-query -W -f "$name\t\${source:Package}\t\${source:Version}\n" "$package" | head -n 1 >>"$folder/FILES"
      cp -L "/usr/share/doc/$package/copyright" "$folder/$package"
      continue
    fi
    wheel=$(wheel_of "$path") || fail "$path: no Debian package and no wheel owns it, so its licence is not known" \
      "build with libraries of the system and LibTorch of a wheel"
    package=$(sed -n 's/^Name: //p;/^$/q' "$wheel/METADATA")
    printf '%s\t%s (wheel)\t%s\n' "$name" "$package" "$(sed -n 's/^Version: //p;/^$/q' "$wheel/METADATA")" >>"$folder/FILES"
    mkdir -p "$folder/$package"
    if [[ -d $wheel/licenses ]]; then
      cp -RL "$wheel"/licenses/. "$folder/$package/"
    else
      cp -L "$wheel"/../"$(grep -im 1 '^[^,]*licen[cs]e[^,/]*,' "$wheel/RECORD" | cut -d, -f1)" "$folder/$package/"
    fi
  done <"$1/libraries"
  mkdir -p "$folder/common-licenses"
  for path in $(grep -rhoE '/usr/share/common-licenses/[A-Za-z0-9-]+(\.[0-9]+)?' "$folder" | sort -u); do
    [[ ! -e $path ]] || cp -L "$path" "$folder/common-licenses/"
  done
}
