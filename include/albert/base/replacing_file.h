// A file that is written beside its name and takes it when it is whole.
#pragma once

#include <albert/base/file.h>

#include <filesystem>

namespace albert {

/// A file that stands under its name only when it is whole: written beside it, and renamed by commit(), so that a crash or an error
/// leaves the old file or none. A device or a pipe of that name is written as it is. Throws IoError.
class ReplacingFile {
 public:
  explicit ReplacingFile(std::filesystem::path path);

  FileWriter& writer() { return writer_; }
  /// fsync, rename, fsync of the folder.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path written_;  ///< what writer_ writes
  FileWriter writer_;
};

}  // namespace albert
