#include "io/safetensors_header.h"

#include "io/dtype_table.h"
#include "io/json_scanner.h"

#include <albert/base/error.h>
#include <albert/io/json_text.h>

#include <charconv>
#include <limits>
#include <optional>

namespace albert::io {
namespace {

constexpr std::string_view kMetadata = "__metadata__";
/// Of the objects and arrays in a header that meets the other caps: each array's name, three fields, two offsets and its dimensions.
constexpr size_t kMaxMembers = kMaxSafetensorsArrays * (6 + kMaxSafetensorsRank) + kMaxSafetensorsMetadata;

/// Nothing where the number is no integer in [0, 2^64).
std::optional<uint64_t> to_unsigned(std::string_view number) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return value;
}

/// One array of the header: {"dtype": text, "shape": [integers], "data_offsets": [2 integers]}.
class EntryReader {
 public:
  EntryReader(JsonScanner& scanner, const std::string& name) : scanner_(scanner), name_(name) {}

  HeaderEntry read() {
    if (scanner_.peek() == '[') {
      read_list();
    } else {
      require('{', "an object");
      read_object();
    }
    return std::move(entry_);
  }

 private:
  void read_object() {
    bool has_dtype = false;
    bool has_shape = false;
    bool has_offsets = false;
    const auto once = [this](bool& has, std::string_view key) {
      if (has) fail(fmt::format("wanted each key once, got \"{}\" twice", key));
      has = true;
    };
    scanner_.begin('{');
    while (scanner_.has_member('}')) {
      const std::string key = scanner_.key();
      if (key == "dtype") {
        once(has_dtype, key);
        read_dtype();
      } else if (key == "shape") {
        once(has_shape, key);
        read_shape();
      } else if (key == "data_offsets") {
        once(has_offsets, key);
        read_offsets();
      } else {
        scanner_.skip();
      }
    }
    if (!has_dtype) fail("wanted dtype, got none");
    if (!has_shape) fail("wanted shape, got none");
    if (!has_offsets) fail("wanted data_offsets, got none");
  }

  void read_list() {
    constexpr std::string_view kWanted = "wanted [dtype, shape, data_offsets] or an object, got an array of another length";
    scanner_.begin('[');
    const auto next = [&] {
      if (!scanner_.has_member(']')) fail(kWanted);
    };
    next();
    read_dtype();
    next();
    read_shape();
    next();
    read_offsets();
    if (scanner_.has_member(']')) fail(kWanted);
  }

  /// The text, or {text: null}, the long form of a name in the reference library's JSON.
  void read_dtype() {
    const std::string text = scanner_.peek() == '{' ? read_long_dtype() : read_short_dtype();
    for (const DTypeInfo& row : kDTypes) {
      if (row.name != text) continue;
      entry_.type = row.type;
      return;
    }
    fail(fmt::format("wanted a dtype that this build reads (BOOL, F4, U8, ... F32, ... U64), got {}", quoted_text(text)));
  }

  std::string read_short_dtype() {
    require('"', "dtype to be a string");
    return scanner_.string();
  }

  std::string read_long_dtype() {
    constexpr std::string_view kRefused = "wanted dtype to be a string, got an object";
    scanner_.begin('{');
    if (!scanner_.has_member('}')) fail(kRefused);
    std::string text = scanner_.key();
    if (scanner_.peek() != 'n') fail(kRefused);
    scanner_.null();
    if (scanner_.has_member('}')) fail(kRefused);
    return text;
  }

  void read_shape() {
    require('[', "shape to be an array");
    scanner_.begin('[');
    while (scanner_.has_member(']')) {
      const uint64_t value = integer("dimensions");
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        fail(fmt::format("wanted a dimension below 2^63, got {}", value));
      }
      if (entry_.shape.size() == kMaxSafetensorsRank) fail(fmt::format("wanted at most {} dimensions, got more", kMaxSafetensorsRank));
      entry_.shape.push_back(static_cast<int64_t>(value));
    }
    entry_.shape.shrink_to_fit();
  }

  void read_offsets() {
    require('[', "data_offsets to be an array");
    scanner_.begin('[');
    int count = 0;
    while (scanner_.has_member(']')) {
      const uint64_t value = integer("data_offsets");
      if (count == 2) fail("wanted data_offsets of 2 integers, got more");
      (count++ == 0 ? entry_.begin : entry_.end) = value;
    }
    if (count != 2) fail(fmt::format("wanted data_offsets of 2 integers, got {}", count));
  }

  uint64_t integer(std::string_view what) {
    const char next = scanner_.peek();
    const auto refuse = [&](std::string_view got) { fail(fmt::format("wanted {} that are non-negative integers, got {}", what, got)); };
    if (next != '-' && (next < '0' || next > '9')) refuse(scanner_.describe_next());
    const std::string_view number = scanner_.number();
    const auto value = to_unsigned(number);
    if (!value) refuse(number.substr(0, 40));
    return *value;
  }

  void require(char first, std::string_view what) {
    if (scanner_.peek() != first) fail(fmt::format("wanted {}, got {}", what, scanner_.describe_next()));
  }

  [[noreturn]] void fail(std::string_view text) const { scanner_.fail(fmt::format("tensor {}: {}", quoted_text(name_), text)); }

  JsonScanner& scanner_;
  const std::string& name_;
  HeaderEntry entry_;
};

SafetensorsMetadata read_metadata(JsonScanner& scanner) {
  SafetensorsMetadata metadata;
  if (scanner.peek() == 'n') {
    scanner.null();
    return metadata;
  }
  if (scanner.peek() != '{') scanner.fail(fmt::format("wanted __metadata__ to be an object, got {}", scanner.describe_next()));
  scanner.begin('{');
  while (scanner.has_member('}')) {
    std::string key = scanner.key();
    if (scanner.peek() != '"') {
      scanner.fail(fmt::format("wanted a string for {} of __metadata__, got {}", quoted_text(key), scanner.describe_next()));
    }
    metadata.insert_or_assign(std::move(key), scanner.string());
    if (metadata.size() > kMaxSafetensorsMetadata) {
      scanner.fail(fmt::format("wanted at most {} keys in __metadata__, got more", kMaxSafetensorsMetadata));
    }
  }
  return metadata;
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, std::string_view file) {
  JsonScanner scanner(json, file, kMaxMembers);
  if (scanner.peek() != '{') scanner.fail(fmt::format("wanted a header that begins with {{, got {}", quoted_text(json.substr(0, 1))));
  SafetensorsHeader header;
  bool has_metadata = false;
  scanner.begin('{');
  while (scanner.has_member('}')) {
    std::string name = scanner.key();
    if (name == kMetadata) {
      if (has_metadata) scanner.fail(fmt::format("wanted each key once in the header, got \"{}\" twice", kMetadata));
      has_metadata = true;
      header.metadata = read_metadata(scanner);
      continue;
    }
    HeaderEntry entry = EntryReader(scanner, name).read();
    header.entries.insert_or_assign(std::move(name), std::move(entry));
    if (header.entries.size() > kMaxSafetensorsArrays) {
      scanner.fail(fmt::format("wanted at most {} tensors, got more", kMaxSafetensorsArrays));
    }
  }
  scanner.finish();
  return header;
}

}  // namespace albert::io
