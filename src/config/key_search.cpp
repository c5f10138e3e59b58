#include "config/key_search.h"

#include <albert/config/suggestions.h>

#include "config/override_tree.h"
#include "config/render.h"
#include "config/sources.h"
#include "config/text.h"

#include <algorithm>
#include <vector>

namespace albert::config {
namespace {

/// An option anywhere in the schema.
struct KnownKey {
  std::string path;
  std::string name;
};

void collect(const Type& type, const std::string& path, std::vector<KnownKey>& keys) {
  if (type.element != nullptr) collect(*type.element, type.kind == Kind::list ? path + "[]" : path, keys);
  for (const auto& field : type.fields) {
    const auto field_path = path.empty() ? field.name : path + '.' + field.name;
    keys.push_back({field_path, field.name});
    collect(*field.type, field_path, keys);
  }
}

std::string join(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

/// "data.sources[1]" as the schema writes it: "data.sources[]".
std::string without_indices(std::string_view path) {
  std::string result;
  for (const char c : path) {
    if (result.empty() || result.back() != '[' || c == ']') result += c;
  }
  return result;
}

std::string name_list(const std::vector<KnownKey>& keys) {
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(keys.size(), 3); ++i) text += (i == 0 ? "'" : " or '") + keys[i].path + "'";
  return text;
}

/// Elsewhere in the schema: the same name, else the nearest one.
std::vector<KnownKey> search_elsewhere(const Type& root, std::string_view section_path, std::string_view key) {
  std::vector<KnownKey> keys;
  collect(root, "", keys);
  std::erase_if(keys, [&](const KnownKey& known) { return known.path == join(section_path, known.name); });
  std::vector<KnownKey> same;
  for (const auto& known : keys) {
    if (typing_distance(key, known.name) == size_t{0}) same.push_back(known);
  }
  if (!same.empty()) return same;
  std::vector<std::string> names;
  for (const auto& known : keys) names.push_back(known.name);
  const auto nearest = nearest_name(key, names);
  if (!nearest) return {};
  std::erase_if(keys, [name = names[*nearest]](const KnownKey& known) { return known.name != name; });
  return keys;
}

/// "optimizer.name: lamb" at the top instead of a section: the option that the dots lead to.
bool is_dotted_path(const Type& section, std::string_view key) {
  const auto steps = key.find('.') == std::string_view::npos ? std::nullopt : split_path(key);
  const Type* type = &section;
  if (!steps) return false;
  for (const auto& step : *steps) {
    const auto* name = std::get_if<std::string>(&step);
    while (type->kind == Kind::optional || type->kind == Kind::automatic) type = type->element;
    const auto* field = name == nullptr ? nullptr : find_field(*type, *name);
    if (field == nullptr) return false;
    type = field->type;
  }
  return true;
}

std::string known_keys(const Type& section) {
  if (section.fields.empty()) return "this section has no keys";
  std::string text = "known here:";
  for (size_t i = 0; i < section.fields.size(); ++i) text += (i == 0 ? " " : ", ") + section.fields[i].name;
  return text;
}

}  // namespace

KeySuggestion suggest_key(const Type& root, const Type& section, std::string_view path, std::string_view key) {
  std::vector<std::string> local;
  for (const auto& field : section.fields) local.push_back(field.name);
  if (path.empty()) local.emplace_back(kIncludeKey);
  const auto mean = [&](size_t index) {
    return KeySuggestion{fmt::format("did you mean '{}'?", join(path, local[index])), local[index]};
  };

  if (is_dotted_path(section, key)) {
    return {fmt::format("write '{}:' and the rest on a line of its own, indented below it", key.substr(0, key.find('.'))),
            std::string(key.substr(0, key.find('.')))};
  }
  const auto nearest = nearest_name(key, local);
  const auto distance = nearest ? typing_distance(key, local[*nearest]) : std::nullopt;
  if (distance && *distance <= 1) return mean(*nearest);
  const auto elsewhere = search_elsewhere(root, without_indices(path), key);
  const bool same_elsewhere = !elsewhere.empty() && typing_distance(key, elsewhere.front().name) == size_t{0};
  if (nearest && !same_elsewhere) return mean(*nearest);
  if (!elsewhere.empty()) return {fmt::format("did you mean {}?", name_list(elsewhere)), std::nullopt};
  return {known_keys(section), std::nullopt};
}

}  // namespace albert::config
