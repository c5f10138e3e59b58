// A folder that is written beside its name and takes it when it is whole.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace albert {

/// Throws IoError where `path` is taken, by a file, a folder or a link.
void require_new_name(const std::filesystem::path& path);

/// A folder that stands under its name only when it is whole: filled beside it, and renamed by a commit, so that a crash or an error
/// leaves what was there before. Throws IoError.
class ReplacingFolder {
 public:
  /// Makes the folder to be filled, and the parents of `path`.
  explicit ReplacingFolder(std::filesystem::path path);
  ReplacingFolder(const ReplacingFolder&) = delete;
  ReplacingFolder& operator=(const ReplacingFolder&) = delete;
  /// Removes what was not committed.
  ~ReplacingFolder();

  /// Where to write the files, each of which must be fsynced.
  [[nodiscard]] const std::filesystem::path& path() const { return written_; }
  /// Writes files by their names, fsynced.
  void write(const std::map<std::string, std::string>& texts) const;
  /// fsync, rename, fsync of the parent. A folder of that name is replaced.
  void commit();
  /// The same, but a file or folder of that name stays, and IoError says so.
  void commit_new();

 private:
  void rename_into_place();

  std::filesystem::path path_;
  std::filesystem::path written_;
  bool is_committed_ = false;
};

}  // namespace albert
