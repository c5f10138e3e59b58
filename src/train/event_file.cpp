#include "train/append_file.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/hash.h>
#include <albert/train/event_file.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>
#include <cstring>

namespace albert {
namespace {

constexpr std::string_view kPrefix = "events.out.tfevents.";

template <typename T>
void append_little_endian(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xFFU));
}

std::string record(std::string_view payload) {
  std::string bytes;
  append_little_endian(bytes, static_cast<uint64_t>(payload.size()));
  append_little_endian(bytes, mask_crc32c(crc32c(bytes)));
  bytes.append(payload);
  append_little_endian(bytes, mask_crc32c(crc32c(payload)));
  return bytes;
}

/// Writes the wire format of protocol buffers.
class ProtoWriter {
 public:
  void add_varint(uint32_t field, uint64_t value) {
    tag(field, 0);
    varint(value);
  }
  void add_double(uint32_t field, double value) {
    tag(field, 1);
    append_little_endian(bytes_, std::bit_cast<uint64_t>(value));
  }
  void add_float(uint32_t field, float value) {
    tag(field, 5);
    append_little_endian(bytes_, std::bit_cast<uint32_t>(value));
  }
  void add_bytes(uint32_t field, std::string_view value) {
    tag(field, 2);
    varint(value.size());
    bytes_.append(value);
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void tag(uint32_t field, uint32_t wire_type) { varint((uint64_t{field} << 3U) | wire_type); }
  void varint(uint64_t value) {
    for (; value >= 0x80U; value >>= 7U) bytes_.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
    bytes_.push_back(static_cast<char>(value));
  }

  std::string bytes_;
};

/// Event {double wall_time = 1; int64 step = 2; ...}. The wall time is for display only.
ProtoWriter new_event(int64_t step) {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  ProtoWriter event;
  event.add_double(1, now.count());
  if (step != 0) event.add_varint(2, static_cast<uint64_t>(step));
  return event;
}

std::string version_event() {
  ProtoWriter event = new_event(0);
  event.add_bytes(3, "brain.Event:2");  // string file_version = 3
  return event.bytes();
}

std::string session_start_event(int64_t step) {
  ProtoWriter session;
  session.add_varint(1, 1);  // SessionLog {SessionStatus status = 1}, START = 1
  ProtoWriter event = new_event(step);
  event.add_bytes(7, session.bytes());  // SessionLog session_log = 7
  return event.bytes();
}

std::string scalars_event(int64_t step, const std::vector<std::pair<std::string, double>>& scalars) {
  ProtoWriter summary;
  for (const auto& [name, value] : scalars) {
    ProtoWriter entry;  // Summary.Value {string tag = 1; float simple_value = 2}
    entry.add_bytes(1, name);
    entry.add_float(2, static_cast<float>(value));
    summary.add_bytes(1, entry.bytes());  // Summary {repeated Value value = 1}
  }
  ProtoWriter event = new_event(step);
  event.add_bytes(5, summary.bytes());  // Summary summary = 5
  return event.bytes();
}

/// TensorBoard reads the files of a folder in the order of their names and never returns to an earlier one; so a clock that was
/// set back must not decide.
int64_t next_file_number(const std::filesystem::path& folder) {
  int64_t number = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    int64_t found = 0;
    const auto [end, error] = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), found);
    if (error == std::errc{} && found < 9'999'999'999) number = std::max(number, found + 1);
  }
  return number;
}

}  // namespace

EventFile::EventFile(const std::filesystem::path& folder, int64_t first_step) {
  make_directories(folder);
  path_ = folder / fmt::format("{}{:010}.albert", kPrefix, next_file_number(folder));
  file_ = std::make_unique<AppendFile>(path_, AppendFile::Existing::refuse);
  (void)file_->append(record(version_event()) + record(session_start_event(first_step)));
}

EventFile::~EventFile() = default;

bool EventFile::write_scalars(int64_t step, const std::vector<std::pair<std::string, double>>& scalars) {
  return file_->append(record(scalars_event(step, scalars)));
}

const std::string& EventFile::error() const { return file_->error(); }

}  // namespace albert
