#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/replacing_folder.h>

#include <unistd.h>

#include <system_error>
#include <utility>

namespace albert {
namespace {

namespace fs = std::filesystem;

/// "out/" names the same folder as "out".
fs::path without_slash(const fs::path& path) { return path.has_filename() ? path : path.parent_path(); }

fs::path beside(const fs::path& path, const char* what) {
  auto other = path;
  other += fmt::format(".{}-{}", what, ::getpid());
  return other;
}

fs::path parent_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

}  // namespace

void require_new_name(const fs::path& path) {
  if (fs::symlink_status(path).type() == fs::file_type::not_found) return;
  throw IoError(fmt::format("{}: wanted a new name for the target, got one that is taken; choose another or remove it", path.string()));
}

ReplacingFolder::ReplacingFolder(fs::path path) : path_(without_slash(path)), written_(beside(path_, "tmp")) {
  make_directories(parent_of(path_));
  fs::remove_all(written_);
  make_directories(written_);
}

ReplacingFolder::~ReplacingFolder() {
  std::error_code ignored;
  if (!is_committed_) fs::remove_all(written_, ignored);
}

void ReplacingFolder::write(const std::map<std::string, std::string>& texts) const {
  for (const auto& [name, text] : texts) {
    FileWriter writer(written_ / name);
    writer.write(text);
    writer.commit();
  }
}

void ReplacingFolder::rename_into_place() {
  std::error_code error;
  fs::rename(written_, path_, error);
  if (error) throw IoError(fmt::format("{}: cannot rename into place: {}", path_.string(), error.message()));
  is_committed_ = true;
  sync_directory(parent_of(path_));
}

void ReplacingFolder::commit() {
  sync_directory(written_);
  // rename() does not replace a folder that has files: the old one steps aside first and is deleted last.
  const auto old = beside(path_, "old");
  std::error_code none;
  fs::rename(path_, old, none);
  rename_into_place();
  fs::remove_all(old, none);
}

void ReplacingFolder::commit_new() {
  sync_directory(written_);
  require_new_name(path_);
  rename_into_place();
}

}  // namespace albert
