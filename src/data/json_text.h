// The text of one record of a jsonl file.
#pragma once

#include <string>
#include <string_view>

namespace albert {

/// The string at `key` of the JSON object `line`, by a streaming parse (deep nesting costs no memory). `where` begins the text of
/// a DataError: no JSON, not an object, no such key, not a string.
std::string json_text(std::string_view line, const std::string& key, const std::string& where);

}  // namespace albert
