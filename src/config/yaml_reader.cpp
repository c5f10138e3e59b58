#include <albert/config/yaml_reader.h>

#include "config/includes.h"
#include "config/override_tree.h"
#include "config/problems.h"
#include "config/reader.h"
#include "config/sources.h"
#include "config/value_places.h"

#include <utility>

namespace albert::config {

namespace {

void add_implied(Node& root, const Type& type, detail::FindImplied find_implied, std::vector<Source>& sources, std::vector<Problem>& problems) {
  const auto defaults = find_implied([&](void* draft) {
    std::vector<Problem> reported_later;
    read_tree(type, draft, root, reported_later);
  });
  const auto first = sources.size();
  for (const auto& entry : defaults) sources.push_back({.name = entry.origin, .origin = entry.origin});
  apply_implied(root, type, defaults, first, problems);
}

}  // namespace

void detail::read_into(const Type& type, void* target, const ConfigText& text, const Overrides& overrides, Origins* origins,
                       FindImplied find_implied) {
  std::vector<Source> sources;
  std::vector<Problem> problems;
  auto root = load_tree(text, sources, problems);
  if (root.kind != Node::Kind::broken) {
    const auto first_override = sources.size();
    for (const auto& entry : overrides.all()) sources.push_back({.name = entry.label, .origin = entry.label.substr(0, entry.label.find(' '))});
    apply_overrides(root, type, overrides, first_override, problems);
    if (find_implied != nullptr) add_implied(root, type, find_implied, sources, problems);
    read_tree(type, target, root, problems);
  }
  if (!problems.empty()) throw ConfigError(format_problems(std::move(problems), sources));
  if (origins != nullptr) *origins = find_origins(type, root, sources);
}

}  // namespace albert::config
