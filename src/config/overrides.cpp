#include <albert/base/error.h>
#include <albert/config/overrides.h>
#include <albert/config/writer.h>

#include "config/override_tree.h"
#include "config/render.h"
#include "config/sources.h"
#include "config/text.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace albert::config {
namespace {

constexpr size_t kLongestLabel = 100;

/// The default of a list, when an index names one of its entries.
Inner find_default(const Type& root, const std::vector<Step>& steps, size_t count) {
  Inner here{&root, root.defaults.get()};
  for (size_t i = 0; i < count && here.value != nullptr; ++i) {
    if (const auto* name = std::get_if<std::string>(&steps[i])) {
      const auto* field = here.type->kind == Kind::section ? find_field(*here.type, *name) : nullptr;
      here = field == nullptr ? Inner{} : unwrap(*field->type, member(here.value, *field));
    } else {
      const auto index = std::get<size_t>(steps[i]);
      const bool exists = here.type->kind == Kind::list && index < here.type->size(here.value);
      here = exists ? unwrap(*here.type->element, here.type->at(here.value, index)) : Inner{};
    }
  }
  return here;
}

void merge(Node& target, Node value) {
  if (target.kind != Node::Kind::map || value.kind != Node::Kind::map) {
    target = std::move(value);
    return;
  }
  for (size_t i = 0; i < value.keys.size(); ++i) {
    const auto found =
        std::find_if(target.keys.begin(), target.keys.end(), [&](const Key& key) { return key.name == value.keys[i].name; });
    if (found == target.keys.end()) {
      target.keys.push_back(std::move(value.keys[i]));
      target.items.push_back(std::move(value.items[i]));
    } else {
      merge(target.items[static_cast<size_t>(found - target.keys.begin())], std::move(value.items[i]));
    }
  }
}

/// One override on its way down the tree.
class Application {
 public:
  Application(const Type& type, const Overrides::Override& entry, size_t source, std::vector<Problem>& problems)
      : type_(type), entry_(entry), place_{source, 0}, problems_(problems) {}

  void apply(Node& root) {
    const auto steps = split_path(entry_.key);
    if (!steps) {
      complain("must be a key such as optimizer.name or data.sources[0].path");
      return;
    }
    if (steps->front() == Step(std::string(kIncludeKey))) {
      complain("must be written in the configuration file");
      return;
    }
    auto value = parse_value();
    if (!value) return;
    Node* node = &root;
    for (size_t i = 0; i < steps->size() && node != nullptr; ++i) {
      const auto& step = (*steps)[i];
      node = std::holds_alternative<std::string>(step) ? enter_key(*node, std::get<std::string>(step))
                                                       : enter_index(*node, *steps, i);
    }
    if (node != nullptr) merge(*node, std::move(*value));
  }

 private:
  void complain(std::string text) { problems_.push_back({place_, entry_.key, std::move(text)}); }

  std::optional<Node> parse_value() {
    std::vector<Problem> found;
    auto value = parse_yaml(normalise_yaml(entry_.value), place_.source, found);
    for (auto& problem : found) {
      if (!problem.key.empty()) problem.key = (problem.key.front() == '[' ? "" : ".") + problem.key;
      problem.key = entry_.key + problem.key;
      problems_.push_back(std::move(problem));
    }
    if (!found.empty()) return std::nullopt;
    return value;
  }

  /// Null where the file holds something else: the reader reports that.
  Node* enter_key(Node& node, const std::string& name) {
    if (node.kind == Node::Kind::null) node = {.kind = Node::Kind::map, .place = node.place};
    if (node.kind != Node::Kind::map) return nullptr;
    const auto found = std::find_if(node.keys.begin(), node.keys.end(), [&](const Key& key) { return key.name == name; });
    if (found != node.keys.end()) return &node.items[static_cast<size_t>(found - node.keys.begin())];
    node.keys.push_back({name, place_});
    return &node.items.emplace_back(Node{.kind = Node::Kind::null, .place = place_});
  }

  Node* enter_index(Node& node, const std::vector<Step>& steps, size_t step) {
    const auto index = std::get<size_t>(steps[step]);
    if (node.kind == Node::Kind::null) node = default_list(steps, step);
    if (node.kind == Node::Kind::broken) return nullptr;
    if (node.kind != Node::Kind::list) {
      complain("an index needs a list, and this key has none");
      return nullptr;
    }
    if (index > node.items.size()) {
      complain(
          fmt::format("the index must be at most {}, the length of the list (that appends), got {}", node.items.size(), index));
      return nullptr;
    }
    if (index == node.items.size()) node.items.push_back({.kind = Node::Kind::null, .place = place_});
    return &node.items[index];
  }

  Node default_list(const std::vector<Step>& steps, size_t count) {
    const auto list = find_default(type_, steps, count);
    if (list.value != nullptr && list.type->kind == Kind::list && list.type->size(list.value) > 0) {
      return parse_yaml(render_flow(*list.type, list.value), place_.source, problems_);
    }
    return {.kind = Node::Kind::list, .place = place_};
  }

  const Type& type_;
  const Overrides::Override& entry_;
  Place place_;
  std::vector<Problem>& problems_;
};

/// Whether the tree has a value at a path without an index.
bool is_written(const Node& root, std::string_view path) {
  const auto steps = split_path(path);
  ALBERT_CHECK(steps, "{} is no path", path);
  const Node* node = &root;
  for (const auto& step : *steps) {
    node = node->find(std::get<std::string>(step));
    if (node == nullptr) return false;
  }
  return true;
}

}  // namespace

Overrides::Overrides(const std::vector<std::string>& assignments) {
  for (const auto& assignment : assignments) add(assignment);
}

Overrides::Overrides(std::initializer_list<std::string> assignments) : Overrides(std::vector<std::string>(assignments)) {}

void Overrides::add(std::string_view assignment) {
  const auto equals = assignment.find('=');
  auto label = "--set " + shorten(assignment, kLongestLabel);
  if (equals == std::string_view::npos || equals == 0) {
    throw ConfigError(fmt::format("{}: must be key=value, for example --set training.seed=2", label));
  }
  list_.push_back({std::string(assignment.substr(0, equals)), std::string(assignment.substr(equals + 1)), std::move(label)});
}

void Overrides::add_text(std::string_view key, std::string_view text, std::string label) {
  if (find_invalid_utf8(text)) throw ConfigError(fmt::format("{}: must be UTF-8", shorten(label, kLongestLabel)));
  list_.push_back({std::string(key), quote_yaml(text), shorten(label, kLongestLabel)});
}

std::optional<std::vector<Step>> split_path(std::string_view path) {
  std::vector<Step> steps;
  while (!path.empty()) {
    if (path.front() == '[') {
      const auto close = path.find(']');
      size_t index = 0;
      if (steps.empty() || close == std::string_view::npos) return std::nullopt;
      const auto [end, error] = std::from_chars(path.data() + 1, path.data() + close, index);
      if (error != std::errc{} || end != path.data() + close) return std::nullopt;
      steps.emplace_back(index);
      path.remove_prefix(close + 1);
    } else {
      if (!steps.empty()) {
        if (path.front() != '.') return std::nullopt;
        path.remove_prefix(1);
      }
      const auto end = path.find_first_of(".[");
      const auto name = path.substr(0, end);
      if (name.empty() || name.find_first_of("] ") != std::string_view::npos) return std::nullopt;
      steps.emplace_back(std::string(name));
      path.remove_prefix(name.size());
    }
  }
  if (steps.empty()) return std::nullopt;
  return steps;
}

void apply_overrides(Node& root, const Type& type, const Overrides& overrides, size_t first_source,
                     std::vector<Problem>& problems) {
  size_t source = first_source;
  for (const auto& entry : overrides.all()) Application(type, entry, source++, problems).apply(root);
}

void apply_implied(Node& root, const Type& type, const std::vector<ImpliedDefault>& defaults, size_t first_source,
                   std::vector<Problem>& problems) {
  std::vector<bool> is_free;
  for (const auto& entry : defaults) is_free.push_back(!is_written(root, entry.key) && (entry.unless.empty() || !is_written(root, entry.unless)));
  for (size_t i = 0; i < defaults.size(); ++i) {
    if (!is_free[i]) continue;
    const Overrides::Override entry{.key = defaults[i].key, .value = defaults[i].value, .label = defaults[i].origin};
    Application(type, entry, first_source + i, problems).apply(root);
  }
}

}  // namespace albert::config
