#include <albert/config/origins.h>

#include "config/render.h"
#include "config/value_places.h"

#include <algorithm>
#include <vector>

namespace albert::config {
namespace {

std::string join(const std::string& path, const std::string& name) { return path.empty() ? name : path + '.' + name; }

const Type& without_wrappers(const Type& type) {
  const bool is_wrapper = type.kind == Kind::optional || type.kind == Kind::automatic;
  return is_wrapper ? without_wrappers(*type.element) : type;
}

class OriginFinder {
 public:
  OriginFinder(const std::vector<Source>& sources, Origins& origins) : sources_(sources), origins_(origins) {
    for (const auto& source : sources) {
      std::vector<size_t> line_ends;
      for (size_t i = 0; source.text && i < source.text->size(); ++i) {
        if ((*source.text)[i] == '\n') line_ends.push_back(i);
      }
      line_ends_.push_back(std::move(line_ends));
    }
  }

  void visit(const std::string& key, const Type& wrapped, const Node& node) {
    origins_[key] = describe(node.place);
    const auto& type = without_wrappers(wrapped);
    if (node.kind == Node::Kind::map && type.kind == Kind::section) {
      for (size_t i = 0; i < node.keys.size(); ++i) {
        const auto* field = find_field(type, node.keys[i].name);
        if (field != nullptr) visit(join(key, field->name), *field->type, node.items[i]);
      }
    } else if (node.kind == Node::Kind::list && type.kind == Kind::list) {
      for (size_t i = 0; i < node.items.size(); ++i) visit(fmt::format("{}[{}]", key, i), *type.element, node.items[i]);
    } else if (node.kind == Node::Kind::map && type.kind == Kind::list) {
      visit_keyed_list(key, type, node);
    }
  }

 private:
  /// "{spam: 3}" for [{label: spam, weight: 3}].
  void visit_keyed_list(const std::string& key, const Type& type, const Node& node) {
    const auto& fields = type.element->fields;
    for (size_t i = 0; i < node.keys.size(); ++i) {
      const auto entry = fmt::format("{}[{}]", key, i);
      origins_[join(entry, fields[0].name)] = describe(node.keys[i].place);
      visit(join(entry, fields[1].name), *fields[1].type, node.items[i]);
    }
  }

  /// "small.yaml:7", "--set", "task default (...)".
  [[nodiscard]] std::string describe(Place place) const {
    const auto& source = sources_.at(place.source);
    if (!source.text) return source.origin;
    const auto& ends = line_ends_.at(place.source);
    return fmt::format("{}:{}", source.name, std::lower_bound(ends.begin(), ends.end(), place.offset) - ends.begin() + 1);
  }

  const std::vector<Source>& sources_;
  Origins& origins_;
  std::vector<std::vector<size_t>> line_ends_;  ///< of each source
};

/// Leaves that differ; a value without a default (null) differs always.
class ChangeFinder {
 public:
  explicit ChangeFinder(std::set<std::string>& changes) : changes_(changes) {}

  void compare(const std::string& key, const Type& type, const void* value, const void* preset) {
    const auto inner = unwrap(type, value);
    const auto base = preset == nullptr ? Inner{} : unwrap(type, preset);
    const auto* base_value = base.type == inner.type ? base.value : nullptr;
    const bool has_parts = inner.value != nullptr && inner.type->kind == Kind::list && inner.type->element->kind == Kind::section;
    if (inner.value != nullptr && inner.type->kind == Kind::section) {
      compare_section(key, *inner.type, inner.value, base_value == nullptr ? inner.type->defaults.get() : base_value);
    } else if (has_parts && inner.type->size(inner.value) > 0) {
      compare_list(key, *inner.type, inner.value, base_value);
    } else if (preset == nullptr || render_flow(type, value) != render_flow(type, preset)) {
      changes_.insert(key);
    }
  }

 private:
  void compare_section(const std::string& key, const Type& type, const void* value, const void* preset) {
    for (const auto& field : type.fields) {
      const bool has_default = field.presence != Presence::required;
      compare(join(key, field.name), *field.type, member(value, field), has_default ? member(preset, field) : nullptr);
    }
  }

  void compare_list(const std::string& key, const Type& type, const void* value, const void* preset) {
    const auto preset_size = preset == nullptr ? 0 : type.size(preset);
    for (size_t i = 0; i < type.size(value); ++i) {
      compare(fmt::format("{}[{}]", key, i), *type.element, type.at(value, i), i < preset_size ? type.at(preset, i) : nullptr);
    }
  }

  std::set<std::string>& changes_;
};

}  // namespace

Origins find_origins(const Type& type, const Node& root, const std::vector<Source>& sources) {
  Origins origins;
  OriginFinder(sources, origins).visit("", type, root);
  return origins;
}

std::set<std::string> detail::find_changes(const Type& type, const void* value, const void* defaults) {
  std::set<std::string> changes;
  ChangeFinder(changes).compare("", type, value, defaults);
  return changes;
}

}  // namespace albert::config
