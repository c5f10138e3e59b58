// Writes a config struct: as YAML that reads back to the same values, as a reference table, as a list of differences.
#pragma once

#include <albert/config/schema.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace albert::config {

/// One option that two configurations set differently. Values as YAML; "(absent)" for a list entry that one of them lacks.
struct Difference {
  std::string key;
  std::string a;
  std::string b;
  bool operator==(const Difference&) const = default;
};

/// What to say about the value of a key, on one line; empty for nothing.
using ValueNote = std::function<std::string(const std::string& key)>;

namespace detail {
std::string write_yaml(const Type& type, const void* value, const ValueNote& note);
std::string write_reference(const Type& type);
std::vector<Difference> find_differences(const Type& type, const void* a, const void* b);
}  // namespace detail

/// All options with their values, in the order of the field lists; read_config gives the same values back, to the bit.
/// Throws ConfigError for a text that is not UTF-8 and InternalError for a number that is not finite.
template <HasFields T>
std::string to_yaml(const T& config) {
  return detail::write_yaml(type_of<T>(), &config, {});
}

/// The same with a comment behind each value.
template <HasFields T>
std::string to_yaml(const T& config, const ValueNote& note) {
  return detail::write_yaml(type_of<T>(), &config, note);
}

/// Markdown: a table per top-level section with key, type, default, bounds and help (docs/config.md is made of it).
template <HasFields T>
std::string reference_table() {
  return detail::write_reference(type_of<T>());
}

/// The options that differ, in the order of the field lists. Keys as in errors: "data.sources[0].path".
template <HasFields T>
std::vector<Difference> diff_configs(const T& a, const T& b) {
  return detail::find_differences(type_of<T>(), &a, &b);
}

/// `text` as one YAML scalar that reads back as this text: plain where every YAML reader agrees, else in double quotes with
/// escapes, always on one line. Throws ConfigError when it is not UTF-8.
std::string quote_yaml(std::string_view text);

}  // namespace albert::config
