#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/io/json_text.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace albert::io {
namespace {

using Json = nlohmann::json;

/// "file:line:column" of the byte at `offset`.
std::string place(std::string_view name, std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
  return fmt::format("{}:{}:{}", name, line, column);
}

/// The part of nlohmann's text that says what is wrong, without its error number and position.
std::string reason(std::string_view text) {
  constexpr size_t kLongest = 200;
  if (const size_t cut = text.find("syntax error"); cut != std::string_view::npos) text.remove_prefix(cut);
  if (text.starts_with('[')) text.remove_prefix(std::min(text.size(), text.find(']') + 2));
  std::string clean;
  for (const char c : text.substr(0, kLongest)) clean += static_cast<unsigned char>(c) < 0x20U || static_cast<unsigned char>(c) > 0x7eU ? '?' : c;
  return clean;
}

/// Builds the value while it follows the parser's events, and throws at the first that breaks a limit.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, std::string_view name, const JsonLimits& limits, Json& root)
      : text_(text), name_(name), limits_(limits), root_(root) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& /*token*/) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& /*value*/) override { throw InternalError("JSON has no binary data"); }
  bool start_object(size_t /*size*/) override { return open(Json::object()); }
  bool start_array(size_t /*size*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    const auto [member, is_new] = open_.back()->get_ref<Json::object_t&>().try_emplace(std::move(name));
    if (!is_new) fail(fmt::format("wanted each key once in an object, got {} twice", quoted_text(member->first)));
    member_ = &member->second;
    return true;
  }
  bool parse_error(size_t position, const std::string& /*token*/, const nlohmann::detail::exception& error) override {
    throw IoError(fmt::format("{}: wanted JSON, got {}", place(name_, text_, position == 0 ? 0 : position - 1), reason(error.what())));
  }

 private:
  [[noreturn]] void fail(const std::string& text) const { throw IoError(fmt::format("{}: {}", name_, text)); }

  Json& put(Json&& value) {
    if (++num_values_ > limits_.values) fail(fmt::format("wanted JSON of at most {} values, got more", limits_.values));
    if (open_.empty()) return root_ = std::move(value);
    Json& parent = *open_.back();
    if (parent.is_object()) return *member_ = std::move(value);
    return parent.get_ref<Json::array_t&>().emplace_back(std::move(value));
  }
  bool add(Json&& value) {
    put(std::move(value));
    return true;
  }
  bool open(Json&& value) {
    if (open_.size() == limits_.depth) fail(fmt::format("wanted JSON nested at most {} deep, got more", limits_.depth));
    open_.push_back(&put(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  std::string_view name_;
  const JsonLimits& limits_;
  Json& root_;
  std::vector<Json*> open_{};  ///< not complete yet; a container gets no further child before its last one is
  Json* member_ = nullptr;     ///< of the object, for the value that follows
  size_t num_values_ = 0;
};

/// The parser keeps a string or number several times while it reads it, and in the text of an error.
void require_short_tokens(std::string_view text, std::string_view name, size_t limit_bytes) {
  bool in_string = false;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_quote = text[i] == '"';
    const bool is_between = !in_string && std::string_view(" \t\r\n,:[]{}").find(text[i]) != std::string_view::npos;
    if (is_quote || is_between) begin = i + 1;
    in_string ^= is_quote;
    if (in_string && text[i] == '\\') ++i;
    if (i + 1 > begin + limit_bytes) {
      throw IoError(fmt::format("{}: wanted strings and numbers of at most {} bytes, got a longer one", place(name, text, begin), limit_bytes));
    }
  }
}

}  // namespace

bool fits_int64(const nlohmann::json& value) {
  return value.is_number_integer() && (!value.is_number_unsigned() || std::in_range<int64_t>(value.get<uint64_t>()));
}

std::string quoted_text(std::string_view text) {
  constexpr size_t kLongest = 120;
  std::string shown =
      nlohmann::json(std::string(text.substr(0, kLongest)))
          .dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
  if (text.size() > kLongest) shown += "...";
  return shown;
}

nlohmann::json parse_json(std::string_view text, std::string_view name, const JsonLimits& limits) {
  if (text.size() > limits.size_bytes) {
    throw IoError(fmt::format("{}: wanted at most {} bytes of JSON, got {}", name, limits.size_bytes, text.size()));
  }
  // The parser takes a NUL for the end of the text and would ignore what follows.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw IoError(fmt::format("{}: wanted JSON, got a NUL byte", place(name, text, nul)));
  }
  require_short_tokens(text, name, limits.token_bytes);
  Json value;
  Builder builder(text, name, limits, value);
  Json::sax_parse(text.begin(), text.end(), &builder);
  return value;
}

nlohmann::json read_json(const std::filesystem::path& path, const JsonLimits& limits) {
  return parse_json(read_file(path, limits.size_bytes), path.string(), limits);
}

}  // namespace albert::io
