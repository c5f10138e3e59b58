// JSON of data files: bounded, and an error is a value, so that a row can be left out.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace albert {

/// What is wrong with a text that should be JSON. The wording never repeats the text.
struct JsonProblem {
  std::optional<size_t> offset{};  ///< byte, where it is known
  std::string got{};               ///< "a syntax error", "the key \"a\" twice in an object", ...
};

/// Parses one RFC 8259 value of UTF-8 text without NUL, nested at most 64 deep, each key once in an object.
std::optional<JsonProblem> parse_json_value(std::string_view text, nlohmann::json& value);

/// "line:column" of the byte at `offset`; the lines count from `first_line`.
std::string line_and_column(std::string_view text, size_t offset, int64_t first_line = 1);

/// "a string", "a number", "a list", "an object", "true or false", "null".
std::string json_type(const nlohmann::json& value);

}  // namespace albert
