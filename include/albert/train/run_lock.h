// One run per output folder.
#pragma once

#include <filesystem>
#include <optional>

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

  /// Whether a run holds the lock of the folder; nothing where it cannot be known. Changes nothing: only a file that a killed run left is
  /// locked, for the moment.
  [[nodiscard]] static std::optional<bool> is_held(const std::filesystem::path& output);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace albert
