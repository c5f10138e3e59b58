#!/usr/bin/env bash
# Text for scripts/quickstart.sh: fetches documentation packages, unpacks them without installing, and keeps their prose.
#
#   scripts/quickstart_text.sh FOLDER
#
# FOLDER gets one .txt file for each package: one paragraph a line, a blank line between documents. FOLDER/../source says "packages",
# or "sample" where too little could be fetched and data/sample was taken. Nothing is installed; the packages are deleted afterwards.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
folder=${1:?the folder to fill is wanted}
mkdir -p "$(dirname "$folder")"
work=$(realpath "$(dirname "$folder")")
folder=$work/$(basename "$folder")

# In `main` of Debian 12 and Ubuntu 24.04, small, and mostly running English. A later one fills up for one that is not there.
packages=(
  git-doc apache2-doc python-django-doc exim4-doc-html zsh-doc r-doc-html postfix-doc libreoffice-help-en-us debian-policy bash-doc
  developers-reference harden-doc debian-reference-en krb5-doc gnu-standards aptitude-doc-en debian-faq maint-guide gnutls-doc gnome-user-docs
)
min_bytes=2000000 max_bytes=10500000

rm -rf "$work/packages" "$folder.new"
mkdir -p "$work/packages" "$folder.new"
if command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
  cd "$work/packages"
  # The name of PostgreSQL's manual has the version in it; the package without one only points at it.
  manual=$(apt-cache depends postgresql-doc 2>/dev/null | sed -n 's/^ *Depends: \(postgresql-doc-[0-9]*\)$/\1/p' | head -n 1)
  if [[ -z $(apt-cache policy git-doc 2>/dev/null | sed -n 's/^ *Candidate: \((none)\)\{0,1\}//p') ]] && ((EUID == 0)); then
    apt-get -q update || echo "no package lists"
    manual=$(apt-cache depends postgresql-doc 2>/dev/null | sed -n 's/^ *Depends: \(postgresql-doc-[0-9]*\)$/\1/p' | head -n 1)
  fi
  available=()
  for package in $manual "${packages[@]}"; do
    if apt-cache show "$package" >/dev/null 2>&1; then available+=("$package"); fi
  done
  if ((${#available[@]})); then
    # One that cannot be fetched is no reason to do without the others.
    apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=30 download "${available[@]}" || echo "not all packages were fetched"
  fi
  unpacked=()
  for package in $manual "${packages[@]}"; do
    for archive in "$package"_*.deb; do
      [[ -e $archive ]] || continue
      dpkg-deb -x "$archive" "$package"
      unpacked+=("$package=$PWD/$package")
    done
  done
  cd "$albert_root"
  if ((${#unpacked[@]})); then
    python3 scripts/extract_text.py --output "$folder.new" --max-bytes "$max_bytes" "${unpacked[@]}" || echo "no prose found"
  fi
fi

source=packages
if (($(find "$folder.new" -name '*.txt' -size +0 -exec cat {} + | wc -c) < min_bytes)); then
  echo "less than $min_bytes bytes of prose from packages: taking data/sample"
  source=sample
  rm -rf "$folder.new"
  mkdir "$folder.new"
  cp "$albert_root"/data/sample/*.txt "$folder.new/"
fi
rm -rf "$folder" "$work/packages"
mv "$folder.new" "$folder"
echo "$source" >"$work/source"
