#include "json_text.h"

#include <albert/base/error.h>

#include <nlohmann/json.hpp>

#include <optional>

namespace albert {
namespace {

using nlohmann::json;

/// Keeps the value of one key of the outermost object.
class TextFinder final : public nlohmann::json_sax<json> {
 public:
  explicit TextFinder(const std::string& key) : key_(key) {}

  bool null() override { return other("null"); }
  bool boolean(bool) override { return other("a boolean"); }
  bool number_integer(number_integer_t) override { return other("a number"); }
  bool number_unsigned(number_unsigned_t) override { return other("a number"); }
  bool number_float(number_float_t, const string_t&) override { return other("a number"); }
  bool binary(binary_t&) override { return other("binary data"); }
  bool string(string_t& value) override {
    if (depth_ == 0) not_object_ = true;
    if (is_wanted()) {
      text_ = std::move(value);
      wrong_type_.clear();
    }
    return true;
  }
  bool start_object(std::size_t) override {
    if (is_wanted()) other("an object");
    ++depth_;
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ == 0) not_object_ = true;
    if (is_wanted()) other("an array");
    ++depth_;
    return true;
  }
  bool end_array() override { return end_object(); }
  bool key(string_t& name) override {
    if (depth_ == 1) at_key_ = name == key_;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    error_position_ = position;
    return false;
  }

  std::optional<std::string> text_;
  std::string wrong_type_;
  bool not_object_ = false;
  std::size_t error_position_ = 0;

 private:
  [[nodiscard]] bool is_wanted() const { return depth_ == 1 && at_key_; }
  bool other(const char* type) {
    if (depth_ == 0) not_object_ = true;
    if (is_wanted()) {
      text_.reset();
      wrong_type_ = type;
    }
    return true;
  }

  const std::string& key_;
  int64_t depth_ = 0;
  bool at_key_ = false;
};

}  // namespace

std::string json_text(std::string_view line, const std::string& key, const std::string& where) {
  TextFinder finder(key);
  if (!json::sax_parse(line, &finder)) {
    throw DataError(fmt::format("{}:{}: expected one JSON object on a line, got a syntax error here; check the record", where,
                                std::max<std::size_t>(finder.error_position_, 1)));
  }
  if (finder.not_object_) throw DataError(fmt::format("{}: expected a JSON object, got another value; check the record", where));
  if (!finder.wrong_type_.empty()) {
    throw DataError(fmt::format("{}: expected a string at key \"{}\", got {}; set text_key of the source", where, key, finder.wrong_type_));
  }
  if (!finder.text_) {
    throw DataError(fmt::format("{}: expected an object with key \"{}\", got none; set text_key of the source", where, key));
  }
  return std::move(*finder.text_);
}

}  // namespace albert
