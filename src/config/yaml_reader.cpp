#include <albert/config/yaml_reader.h>

#include "config/includes.h"
#include "config/override_tree.h"
#include "config/problems.h"
#include "config/reader.h"
#include "config/sources.h"
#include "config/value_places.h"

#include <utility>

namespace albert::config {

void detail::read_into(const Type& type, void* target, const ConfigText& text, const Overrides& overrides, Origins* origins) {
  std::vector<Source> sources;
  std::vector<Problem> problems;
  auto root = load_tree(text, sources, problems);
  if (root.kind != Node::Kind::broken) {
    const auto first_override = sources.size();
    for (const auto& entry : overrides.all()) sources.push_back({.name = entry.label});
    apply_overrides(root, type, overrides, first_override, problems);
    read_tree(type, target, root, problems);
  }
  if (!problems.empty()) throw ConfigError(format_problems(std::move(problems), sources));
  if (origins != nullptr) *origins = find_origins(type, root, sources);
}

}  // namespace albert::config
