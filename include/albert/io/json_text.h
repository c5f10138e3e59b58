// Bounded reading of JSON from outside: size, depth, number of values, duplicate keys.
//
//   const nlohmann::json config = io::parse_json(read_file(path), path.string());
//
// Include <nlohmann/json.hpp> where the value is used; this header needs only its forward declaration.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace albert::io {

/// What is refused before it can cost memory, time or stack. A value takes 160 bytes of memory at most, beside its string; so a text
/// within these limits takes less than four times its size and 16 MiB, and some tenths of a second.
struct JsonLimits {
  size_t size_bytes = size_t{16} << 20U;
  size_t depth = 64;                       ///< nested objects and arrays
  size_t values = 100'000;                 ///< objects, arrays and scalars together
  size_t token_bytes = size_t{64} << 10U;  ///< of one string or number
};

/// Parses UTF-8 JSON (RFC 8259; no comments, nothing after the value). Throws IoError "<name>:<line>:<column>: ..." for a syntax
/// error, a key that stands twice in an object, a number too large for a double, and for each limit. `name` is the file.
nlohmann::json parse_json(std::string_view text, std::string_view name, const JsonLimits& limits = {});

/// Reads and parses a file, by the same rules.
nlohmann::json read_json(const std::filesystem::path& path, const JsonLimits& limits = {});

/// Whether an integer, as nlohmann::json keeps it, is one of int64_t; one from 2^63 would come out negative.
bool fits_int64(const nlohmann::json& value);

/// `text` in double quotes for an error text: escaped to ASCII, one line, cut after 120 bytes.
std::string quoted_text(std::string_view text);

}  // namespace albert::io
