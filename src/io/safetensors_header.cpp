#include "io/safetensors_header.h"

#include "io/dtype_table.h"

#include <albert/base/error.h>
#include <albert/io/json_text.h>

#include <nlohmann/json.hpp>

#include <array>
#include <limits>
#include <set>

namespace albert::io {
namespace {

using Json = nlohmann::json;

/// Accepts exactly {"name": {"dtype": text, "shape": [integers], "data_offsets": [2 integers]}, "__metadata__": {text: text}}.
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(std::string_view file) : file_(file) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t /*elements*/) override {
    switch (place_) {
      case Place::outside:
        return move_to(Place::top);
      case Place::metadata_value:
        return move_to(Place::metadata);
      case Place::array_value:
        have_ = {};
        return move_to(Place::array);
      default:
        refuse("an object");
    }
  }

  bool end_object() override {
    if (place_ == Place::top) return move_to(Place::done);
    if (place_ == Place::array) finish_array();
    return move_to(Place::top);
  }

  bool key(string_t& text) override {
    switch (place_) {
      case Place::top:
        return begin_member(text);
      case Place::metadata:
        metadata_key_ = text;
        if (header_.metadata.contains(text))
          fail(fmt::format("wanted each key once in __metadata__, got {} twice", quoted_text(text)));
        return move_to(Place::metadata_text);
      default:
        return begin_field(text);
    }
  }

  bool string(string_t& text) override {
    if (place_ == Place::metadata_text) {
      header_.metadata.emplace(std::move(metadata_key_), text);
      return move_to(Place::metadata);
    }
    if (place_ != Place::dtype) refuse("a string");
    for (const DTypeInfo& row : kDTypes) {
      if (row.name != text) continue;
      entry().type = row.type;
      return move_to(Place::array);
    }
    fail_array(fmt::format("wanted a dtype that this build reads (BOOL, U8, ... F32, ... U64), got {}", quoted_text(text)));
  }

  bool start_array(std::size_t /*elements*/) override {
    if (place_ == Place::shape) return move_to(Place::shape_items);
    if (place_ == Place::offsets) return move_to(Place::offset_items);
    refuse("an array");
  }

  bool end_array() override {
    if (place_ == Place::offset_items && num_offsets_ != 2) {
      fail_array(fmt::format("wanted data_offsets of 2 integers, got {}", num_offsets_));
    }
    return move_to(Place::array);
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::shape_items) {
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        fail_array(fmt::format("wanted a dimension below 2^63, got {}", value));
      if (entry().shape.size() == kMaxSafetensorsRank)
        fail_array(fmt::format("wanted at most {} dimensions, got more", kMaxSafetensorsRank));
      entry().shape.push_back(static_cast<int64_t>(value));
      return true;
    }
    if (place_ != Place::offset_items) refuse("a number");
    if (num_offsets_ == 2) fail_array("wanted data_offsets of 2 integers, got more");
    (num_offsets_++ == 0 ? entry().begin : entry().end) = value;
    return true;
  }

  bool number_integer(number_integer_t value) override { refuse(fmt::format("{}", value)); }
  bool number_float(number_float_t /*value*/, const string_t& text) override { refuse(text.substr(0, 40)); }
  bool null() override { refuse("null"); }
  bool boolean(bool value) override { refuse(value ? "true" : "false"); }
  bool binary(binary_t& /*value*/) override { refuse("binary data"); }

  bool parse_error(std::size_t position, const std::string& /*token*/, const Json::exception& error) override {
    const std::string kind = error.id == 406 ? "a number out of range" : "bad JSON or UTF-8";
    fail(fmt::format("wanted a JSON header, got {} at its byte {}", kind, position));
  }

 private:
  /// Where the next event belongs.
  enum class Place {
    outside,
    top,
    metadata_value,
    metadata,
    metadata_text,
    array_value,
    array,
    dtype,
    shape,
    shape_items,
    offsets,
    offset_items,
    done
  };
  struct Have {
    bool dtype = false;
    bool shape = false;
    bool offsets = false;
  };

  bool move_to(Place place) {
    place_ = place;
    return true;
  }

  HeaderEntry& entry() { return header_.entries.back(); }

  bool begin_member(const std::string& text) {
    if (!names_.insert(text).second) fail(fmt::format("wanted each key once in the header, got {} twice", quoted_text(text)));
    if (text == "__metadata__") return move_to(Place::metadata_value);
    if (header_.entries.size() == kMaxSafetensorsArrays)
      fail(fmt::format("wanted at most {} tensors, got more", kMaxSafetensorsArrays));
    header_.entries.emplace_back().name = text;
    return move_to(Place::array_value);
  }

  bool begin_field(const std::string& text) {
    const auto once = [&](bool& have) {
      if (have) fail_array(fmt::format("wanted each key once, got {} twice", quoted_text(text)));
      have = true;
    };
    if (text == "dtype") {
      once(have_.dtype);
      return move_to(Place::dtype);
    }
    if (text == "shape") {
      once(have_.shape);
      return move_to(Place::shape);
    }
    if (text == "data_offsets") {
      once(have_.offsets);
      num_offsets_ = 0;
      return move_to(Place::offsets);
    }
    fail_array(fmt::format("wanted dtype, shape and data_offsets, got key {}", quoted_text(text)));
  }

  void finish_array() {
    if (!have_.dtype) fail_array("wanted dtype, got none");
    if (!have_.shape) fail_array("wanted shape, got none");
    if (!have_.offsets) fail_array("wanted data_offsets, got none");
  }

  [[noreturn]] void fail(const std::string& text) const { throw IoError(fmt::format("{}: {}", file_, text)); }
  [[noreturn]] void fail_array(const std::string& text) const {
    throw IoError(fmt::format("{}: tensor {}: {}", file_, quoted_text(header_.entries.back().name), text));
  }

  /// A value of the wrong kind at this place.
  [[noreturn]] void refuse(const std::string& got) const {
    switch (place_) {
      case Place::metadata_value:
        fail(fmt::format("wanted __metadata__ to be an object, got {}", got));
      case Place::metadata_text:
        fail(fmt::format("wanted a string for {} of __metadata__, got {}", quoted_text(metadata_key_), got));
      case Place::array_value:
        fail_array(fmt::format("wanted an object, got {}", got));
      case Place::dtype:
        fail_array(fmt::format("wanted dtype to be a string, got {}", got));
      case Place::shape:
        fail_array(fmt::format("wanted shape to be an array, got {}", got));
      case Place::shape_items:
        fail_array(fmt::format("wanted dimensions that are non-negative integers, got {}", got));
      case Place::offsets:
        fail_array(fmt::format("wanted data_offsets to be an array, got {}", got));
      case Place::offset_items:
        fail_array(fmt::format("wanted data_offsets that are non-negative integers, got {}", got));
      default:
        fail(fmt::format("wanted a header that is one JSON object, got {}", got));
    }
  }

  std::string_view file_;
  SafetensorsHeader header_;
  std::set<std::string, std::less<>> names_;
  Place place_ = Place::outside;
  Have have_;
  std::string metadata_key_;
  int num_offsets_ = 0;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, std::string_view file) {
  // The parser would skip a byte order mark and take a NUL for the end.
  if (json.empty() || json.front() != '{')
    throw IoError(fmt::format("{}: wanted a header that begins with {{, got {}", file, quoted_text(json.substr(0, 1))));
  if (const size_t nul = json.find('\0'); nul != std::string_view::npos) {
    throw IoError(fmt::format("{}: wanted a JSON header, got a NUL at its byte {}", file, nul));
  }
  HeaderReader reader(file);
  const bool whole = Json::sax_parse(json.begin(), json.end(), &reader);
  ALBERT_CHECK(whole, "the header reader throws on every error");
  return reader.take();
}

}  // namespace albert::io
