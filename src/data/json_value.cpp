#include "json_value.h"

#include "quoted.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

namespace albert {
namespace {

using nlohmann::json;

constexpr size_t kMaximumDepth = 64;

/// Builds the value while it follows the parser's events, and stops at the first that breaks a limit.
class Builder final : public nlohmann::json_sax<json> {
 public:
  Builder(json& root, JsonProblem& problem) : root_(root), problem_(problem) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return fail("binary data"); }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (open_.back()->contains(name)) return fail(fmt::format("the key {} twice in an object", in_quotes(name)));
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    problem_.offset = position == 0 ? 0 : position - 1;
    return fail("a syntax error");
  }

 private:
  bool fail(std::string got) {
    problem_.got = std::move(got);
    return false;
  }
  json* place(json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    json& parent = *open_.back();
    if (!parent.is_array()) return &(parent[key_] = std::move(value));
    parent.push_back(std::move(value));
    return &parent.back();
  }
  bool add(json value) {
    place(std::move(value));
    return true;
  }
  bool open(json value) {
    if (open_.size() == kMaximumDepth) return fail(fmt::format("values nested more than {} deep", kMaximumDepth));
    open_.push_back(place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  json& root_;
  JsonProblem& problem_;
  std::vector<json*>
      open_{};  // the containers that are not complete; nothing is added beside a child before the child is complete
  std::string key_{};
};

}  // namespace

std::optional<JsonProblem> parse_json_value(std::string_view text, json& value) {
  JsonProblem problem;
  Builder builder(value, problem);
  if (json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
  return problem;
}

std::string line_and_column(std::string_view text, size_t offset, int64_t first_line) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = first_line + std::count(before.begin(), before.end(), '\n');
  const size_t newline = before.rfind('\n');
  return fmt::format("{}:{}", line, newline == std::string_view::npos ? before.size() + 1 : before.size() - newline);
}

std::string json_type(const json& value) {
  if (value.is_string()) return "a string";
  if (value.is_number()) return "a number";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  return value.is_boolean() ? "true or false" : "null";
}

}  // namespace albert
