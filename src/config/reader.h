// From a tree to a struct.
#pragma once

#include <albert/config/schema.h>

#include "config/yaml_tree.h"

#include <vector>

namespace albert::config {

/// Reads into `target`, an object of `type` at its defaults, and appends what is wrong.
void read_tree(const Type& type, void* target, const Node& root, std::vector<Problem>& problems);

}  // namespace albert::config
