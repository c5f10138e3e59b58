// Event files of TensorBoard, written without TensorFlow.
//
// A file is a row of records: length (uint64), masked CRC-32C of it, the bytes of an Event protobuf, masked CRC-32C of them
// (tensorflow/core/lib/io/record_writer.h). Only the fields that scalars need are encoded (tensorflow/core/util/event.proto).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace albert {

class AppendFile;

/// One event file. Its name holds a time and no host name.
class EventFile {
 public:
  /// Makes a new file in `folder`, named after every one that is there, so that TensorBoard reads them in order. `first_step` is
  /// the first step of this session: TensorBoard forgets earlier values from there on (SessionLog START). Throws IoError.
  EventFile(const std::filesystem::path& folder, int64_t first_step);
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;
  ~EventFile();

  /// All scalars of one step in one event; false when the disk refused them (they are tried again with the next call).
  bool write_scalars(int64_t step, const std::vector<std::pair<std::string, double>>& scalars);
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const std::string& error() const;

 private:
  std::filesystem::path path_;
  std::unique_ptr<AppendFile> file_;
};

}  // namespace albert
