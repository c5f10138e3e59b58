// One run per output folder.
#pragma once

#include <filesystem>

namespace albert {

/// Holds OUTPUT/.lock by flock while it lives; the kernel releases it when the process dies, however it dies. The file names the
/// host, the process and its start for the message of a second run, and is removed at the end.
class RunLock {
 public:
  /// Makes the folder when it is missing. Throws IoError: naming host, process and start when another run holds it; naming the
  /// reason when the folder cannot be written (tried by a real write, fsync and rename, so that a run does not fail at its first
  /// save).
  explicit RunLock(const std::filesystem::path& output);
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  ~RunLock();

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace albert
