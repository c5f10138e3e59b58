// `include:` puts the values of other files under those of a configuration.
#pragma once

#include <albert/config/yaml_reader.h>

#include "config/sources.h"
#include "config/yaml_tree.h"

#include <vector>

namespace albert::config {

/// The tree of a configuration with what it includes, directly or through other files; `broken` where one of them cannot be
/// parsed or found. Its file is source 0, the included ones follow in the order of reading.
Node load_tree(const ConfigText& text, std::vector<Source>& sources, std::vector<Problem>& problems);

}  // namespace albert::config
