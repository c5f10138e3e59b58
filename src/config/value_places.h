// Where the values of a tree were written.
#pragma once

#include <albert/config/origins.h>
#include <albert/config/schema.h>

#include "config/sources.h"
#include "config/yaml_tree.h"

#include <vector>

namespace albert::config {

/// Of every key of the tree, which was read as `type` without a problem.
Origins find_origins(const Type& type, const Node& root, const std::vector<Source>& sources);

}  // namespace albert::config
