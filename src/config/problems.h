// From problems to the text of the one error that reports them.
#pragma once

#include <string>
#include <vector>

#include "config/sources.h"
#include "config/yaml_tree.h"

namespace albert::config {

constexpr size_t kMostProblemLines = 50;

/// What a value is, for "got ...": a list, a map, null, nothing, or the text in quotes.
std::string describe(const Node& node);

/// One line per problem, in the order of the sources.
std::string format_problems(std::vector<Problem> problems, const std::vector<Source>& sources);

}  // namespace albert::config
