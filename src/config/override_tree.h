// Puts overrides into the tree of the file.
#pragma once

#include <albert/config/implied_defaults.h>
#include <albert/config/overrides.h>
#include <albert/config/schema.h>

#include "config/yaml_tree.h"

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace albert::config {

/// A name of a section or an index of a list.
using Step = std::variant<std::string, size_t>;

/// "data.sources[0].path"; nullopt when it is not a path.
std::optional<std::vector<Step>> split_path(std::string_view path);

/// The first override has source `first_source`, the next ones follow. `type` tells the defaults, of which a list is copied where
/// only one entry is overridden.
void apply_overrides(Node& root, const Type& type, const Overrides& overrides, size_t first_source,
                     std::vector<Problem>& problems);

/// Puts the defaults into the tree whose keys it has not; what else is written decides for all of them alike. The first has source
/// `first_source`, the next ones follow.
void apply_implied(Node& root, const Type& type, const std::vector<ImpliedDefault>& defaults, size_t first_source,
                   std::vector<Problem>& problems);

}  // namespace albert::config
