// Defaults that follow from other options: a named task has its own number of steps.
#pragma once

#include <concepts>
#include <string>
#include <vector>

namespace albert::config {

/// A default that stands where neither the file, those that it includes nor an override gives its key.
struct ImpliedDefault {
  std::string key;       ///< full path, without an index
  std::string value;     ///< YAML
  std::string origin;    ///< for errors and `albert config --origins`: "task default (...)"
  std::string unless{};  ///< a key beside which it makes no sense: where that one is given, the general default stands
};

/// A struct whose options imply defaults. It is asked once, of what is written; an option that could not be read has its general default
/// then.
template <typename T>
concept HasImpliedDefaults = requires(const T& config) {
  { config.implied_defaults() } -> std::same_as<std::vector<ImpliedDefault>>;
};

}  // namespace albert::config
