// JSON Schema of a config struct, so that editors complete, explain and check configurations while they are written.
//
// The schema is draft 7, which all editors read. It knows what the field list knows: names, types, bounds, names of enums, what
// must be given, defaults and help. It never refuses a file that read_config accepts; rules of `validate` are beyond it.
#pragma once

#include <albert/config/schema.h>

#include <string>
#include <string_view>

namespace albert::config {

namespace detail {
std::string write_json_schema(const Type& type, std::string_view title, std::string_view description);
}  // namespace detail

/// One JSON object, indented, with a line end behind it.
template <HasFields T>
std::string json_schema(std::string_view title, std::string_view description) {
  return detail::write_json_schema(type_of<T>(), title, description);
}

}  // namespace albert::config
