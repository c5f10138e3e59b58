// From problems to the text of the one error that reports them.
#pragma once

#include <albert/config/overrides.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/yaml_tree.h"

namespace albert::config {

constexpr size_t kMostProblemLines = 50;

/// One line per problem, in the order of the file, then of the overrides. `text` is the normalised text of the file `name`.
std::string format_problems(std::vector<Problem> problems, std::string_view name, const std::string& text,
                            const Overrides& overrides);

}  // namespace albert::config
