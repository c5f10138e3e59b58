// A log file that only grows and never holds half a record, also when the disk is full in between.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace albert {

/// Records that could not be written wait in memory (up to a bound) and are written with the next one, so that a full disk costs
/// no record once there is space again. Failing to write is therefore not an exception.
class AppendFile {
 public:
  /// Most bytes that wait; beyond that the newest records are dropped and counted.
  static constexpr size_t kPendingLimitBytes = size_t{4} << 20U;
  enum class Existing { append, refuse };

  /// Creates the file (mode 0600). Throws IoError, also for `refuse` when it is there already.
  explicit AppendFile(std::filesystem::path path, Existing existing = Existing::append);
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  ~AppendFile();

  /// Writes all waiting records and this one; false when the system refused (see error()).
  bool append(std::string_view record);
  /// Tries the waiting records again and makes the file durable; false when that failed.
  bool sync();
  [[nodiscard]] uint64_t size_bytes() const { return size_; }  ///< of whole records on the disk
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] int64_t dropped_records() const { return dropped_; }

 private:
  bool write_pending();

  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
  std::string pending_;
  int64_t dropped_ = 0;
  std::string error_;
};

}  // namespace albert
