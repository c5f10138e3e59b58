// The texts that a configuration is read from: the file, the files that it includes, the overrides.
#pragma once

#include "config/yaml_tree.h"

#include <optional>
#include <string>
#include <vector>

namespace albert::config {

struct Source {
  std::string name;                   ///< how errors call it: the file, or the label of the override
  std::optional<std::string> text{};  ///< of a file, normalised; places are bytes of it
};

/// The name of the top-level key that includes other files.
constexpr std::string_view kIncludeKey = "include";

}  // namespace albert::config
