// The texts that a configuration is read from: the file, the files that it includes, the overrides.
#pragma once

#include "config/yaml_tree.h"

#include <optional>
#include <string>
#include <vector>

namespace albert::config {

struct Source {
  std::string name;                   ///< how errors call it: the file, the label of the override, the origin of an implied default
  std::optional<std::string> text{};  ///< of a file, normalised; places are bytes of it
  std::string origin{};               ///< of what is no file: what it is called behind a value
};

/// The name of the top-level key that includes other files.
constexpr std::string_view kIncludeKey = "include";

}  // namespace albert::config
