#include "config/reader.h"

#include <albert/config/suggestions.h>

#include "config/key_search.h"
#include "config/override_tree.h"
#include "config/problems.h"
#include "config/render.h"
#include "config/scalars.h"
#include "config/text.h"
#include "config/unread_options.h"
#include "config/yaml_tree.h"

#include <algorithm>
#include <utility>

namespace albert::config {
namespace {

std::string join_key(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

/// What a value of this type looks like.
std::string wanted(const Type& type) {
  switch (type.kind) {
    case Kind::boolean:
      return "true or false";
    case Kind::integer:
      return "a whole number";
    case Kind::real:
      return "a number";
    case Kind::text:
      return "a text";
    case Kind::path:
      return "a path";
    case Kind::duration:
      return "a duration such as '500 steps'";
    case Kind::byte_size:
      return "a size such as '200 MiB'";
    case Kind::enumeration:
      return fmt::format("one of {}", fmt::join(type.names, ", "));
    case Kind::section:
      return "a section of 'key: value' lines";
    case Kind::list:
      return "a list";
    case Kind::optional:
      return wanted(*type.element) + " or null";
    case Kind::automatic:
      return wanted(*type.element) + " or auto";
  }
  return "";
}

/// Reads the tree into a struct; all problems are collected.
class Reader {
 public:
  Reader(const Type& type, const Node& root, std::vector<Problem>& problems) : type_(type), root_(root), problems_(problems) {}

  void read_root(void* target) {
    if (root_.kind == Node::Kind::map || root_.kind == Node::Kind::null) {
      read_section(type_, target, &root_, "", {});
    } else {
      complain(root_.place, "",
               fmt::format("must be 'key: value' lines at the top level, got {}{}", describe(root_), blank_cure(root_)));
    }
  }

 private:
  bool complain(Place place, std::string_view key, std::string text) {
    problems_.push_back({place, std::string(key), std::move(text)});
    unread_.add(key);
    return false;
  }

  /// "hidden_size:256" is one word in YAML.
  static std::string_view blank_cure(const Node& node) {
    const bool has_colon = node.kind == Node::Kind::scalar && !node.quoted && node.text.find(':') != std::string::npos;
    return has_colon ? "; put a blank after the ':'" : "";
  }

  bool read(const Type& type, const Range& range, void* target, const Node& node, const std::string& key) {
    if (node.kind == Node::Kind::broken) return false;
    const auto alternative = std::exchange(alternative_, std::string_view());
    switch (type.kind) {
      case Kind::section:
        if (node.kind == Node::Kind::map || node.kind == Node::Kind::null)
          return read_section(type, target, &node, key, locate(key));
        return complain(node.place, key,
                        fmt::format("must be {}{}, got {}{}", wanted(type), alternative, describe(node), blank_cure(node)));
      case Kind::list:
        return read_list(type, range, target, node, key);
      case Kind::optional:
      case Kind::automatic:
        return read_wrapped(type, range, target, node, key);
      default:
        break;
    }
    auto complaint = read_scalar(type, range, target, node);
    if (!complaint) return true;
    const auto got = complaint->find(", got ");
    if (got != std::string::npos) complaint->insert(got, alternative);
    return complain(node.place, key, std::move(*complaint));
  }

  bool read_list(const Type& type, const Range& range, void* target, const Node& node, const std::string& key) {
    if (is_keyed_list(type) && node.kind == Node::Kind::map) return read_keyed_list(type, target, node, key);
    if (node.kind != Node::Kind::list) {
      const auto form = is_keyed_list(type) ? fmt::format("{{{}: {}}}", type.element->fields[0].name, type.element->fields[1].name) : "[first, second]";
      return complain(node.place, key, fmt::format("must be {}, got {}; write it as {}", is_keyed_list(type) ? "a map or a list" : "a list",
                                                   describe(node), form));
    }
    type.clear(target);
    bool good = true;
    for (size_t i = 0; i < node.items.size(); ++i) {
      good = read(*type.element, range, type.append(target), node.items[i], fmt::format("{}[{}]", key, i)) && good;
    }
    return good;
  }

  /// "{spam: 3, ham: 1}".
  bool read_keyed_list(const Type& type, void* target, const Node& node, const std::string& key) {
    const auto& fields = type.element->fields;
    type.clear(target);
    bool good = true;
    for (size_t i = 0; i < node.keys.size(); ++i) {
      void* element = type.append(target);
      *static_cast<std::string*>(member(element, fields[0])) = node.keys[i].name;
      good = read(*fields[1].type, fields[1].range, member(element, fields[1]), node.items[i], join_key(key, shorten(node.keys[i].name))) && good;
    }
    return good;
  }

  bool read_wrapped(const Type& type, const Range& range, void* target, const Node& node, const std::string& key) {
    const bool is_optional = type.kind == Kind::optional;
    const bool is_empty = is_optional ? node.kind == Node::Kind::null : node.kind == Node::Kind::scalar && node.text == "auto";
    if (is_empty) {
      type.clear(target);
      return true;
    }
    alternative_ = is_optional ? " or null" : " or auto";
    return read(*type.element, range, type.append(target), node, key);
  }

  static Complaint read_scalar(const Type& type, const Range& range, void* target, const Node& node) {
    if (node.kind != Node::Kind::scalar) return fmt::format("must be {}, got {}", wanted(type), describe(node));
    const bool is_literal = type.kind == Kind::boolean || type.kind == Kind::integer || type.kind == Kind::real;
    if (is_literal && node.quoted)
      return fmt::format("must be {}, got the text '{}'; remove the quotes", wanted(type), shorten(node.text));
    if (node.text.find('\0') != std::string::npos)
      return fmt::format("must not hold a NUL character, got '{}'", shorten(node.text));
    switch (type.kind) {
      case Kind::boolean:
        return read_boolean(node.text, *static_cast<bool*>(target));
      case Kind::integer: {
        int64_t value = 0;
        if (auto complaint = read_integer(node.text, value)) return complaint;
        return keep(value, target, check_range(range, static_cast<double>(value), node.text));
      }
      case Kind::real: {
        double value = 0;
        if (auto complaint = read_real(node.text, value)) return complaint;
        return keep(value, target, check_range(range, value, node.text));
      }
      case Kind::text:
        *static_cast<std::string*>(target) = node.text;
        return std::nullopt;
      case Kind::path:
        *static_cast<std::filesystem::path*>(target) = node.text;
        return std::nullopt;
      case Kind::enumeration:
        return read_enumeration(type, target, node.text);
      default:
        return read_quantity(type, range, target, node.text);
    }
  }

  /// A value that is refused is not stored: rules across options may divide by it.
  template <typename T>
  static Complaint keep(const T& value, void* target, Complaint complaint) {
    if (!complaint) *static_cast<T*>(target) = value;
    return complaint;
  }

  static Complaint read_enumeration(const Type& type, void* target, const std::string& text) {
    const auto found = std::find(type.names.begin(), type.names.end(), text);
    if (found != type.names.end()) {
      type.set_enum(target, static_cast<size_t>(found - type.names.begin()));
      return std::nullopt;
    }
    const std::vector<std::string> names(type.names.begin(), type.names.end());
    const auto nearest = nearest_name(text, names);
    const auto cure = nearest ? fmt::format("; did you mean '{}'?", names[*nearest]) : std::string();
    return fmt::format("must be {}, got '{}'{}", wanted(type), shorten(text), cure);
  }

  static Complaint read_quantity(const Type& type, const Range& range, void* target, const std::string& text) {
    if (text.size() > 60) return fmt::format("must be {}, got '{}'", wanted(type), shorten(text));
    try {
      if (type.kind == Kind::duration) {
        const auto duration = parse_duration(text);
        return keep(duration, target, check_range(range, duration.amount, text));
      }
      const auto size = parse_byte_size(text);
      return keep(size, target, check_range(range, static_cast<double>(size.bytes), text));
    } catch (const ConfigError& error) {
      return shorten(error.what(), 300);
    }
  }

  /// `node` is null where the section is not written; `place` is that of the nearest section that is.
  bool read_section(const Type& type, void* target, const Node* node, const std::string& path, Place place) {
    bool good = true;
    std::vector<std::string> probably_given;
    for (size_t i = 0; node != nullptr && i < node->keys.size(); ++i) {
      const auto& key = node->keys[i];
      if (find_field(type, key.name) != nullptr) continue;
      good = false;
      if (++num_unknown_keys_ > 4 * kMostProblemLines) continue;  // a search each, for a line that is not shown
      auto suggestion = suggest_key(type_, type, path, key.name);
      complain(key.place, join_key(path, shorten(key.name)), "unknown key; " + suggestion.cure);
      if (!suggestion.local_name) continue;
      unread_.add(*suggestion.local_name);
      probably_given.push_back(std::move(*suggestion.local_name));
    }
    for (const auto& field : type.fields) {
      const bool excused = std::find(probably_given.begin(), probably_given.end(), field.name) != probably_given.end();
      good = read_field(field, target, node, join_key(path, field.name), place, excused) && good;
    }
    const bool fits = type.validate == nullptr || run_rules(type, target, path);
    return good && fits;
  }

  bool read_field(const FieldInfo& field, void* section, const Node* node, const std::string& key, Place place, bool excused) {
    const auto* value = node == nullptr ? nullptr : node->find(field.name);
    const bool is_required = field.presence == Presence::required;
    void* target = member(section, field);
    if (value == nullptr) {
      if (is_required && !excused) return complain(place, key, "must be given");
      return field.type->kind != Kind::section || read_section(*field.type, target, nullptr, key, place);
    }
    if (is_required && value->kind == Node::Kind::null)
      return complain(value->place, key, fmt::format("must be given, got {}", describe(*value)));
    if (!read(*field.type, field.range, target, *value, key)) return false;
    return !is_required || check_not_empty(field, target, *value, key);
  }

  bool check_not_empty(const FieldInfo& field, const void* target, const Node& value, const std::string& key) {
    const auto kind = field.type->kind;
    const bool is_empty_text = (kind == Kind::text || kind == Kind::path) && value.text.empty();
    if (is_empty_text) return complain(value.place, key, "must be given, got an empty text");
    if (kind == Kind::list && field.type->size(target) == 0)
      return complain(value.place, key, "must be given, got an empty list");
    return true;
  }

  bool run_rules(const Type& type, const void* value, const std::string& path) {
    Issues issues;
    std::vector<Issues::Issue> found;
    issues.push(path);
    type.validate(value, issues);
    // All are chosen before the first is told: what one rule refuses does not silence another of the same section.
    for (const auto& issue : issues.all()) {
      if (!unread_.are_named_in(issue.key + " " + issue.text)) found.push_back(issue);
    }
    for (const auto& issue : found) complain(locate(issue.key), issue.key, issue.text);
    return found.empty();
  }

  /// The value of this key, else the key of the nearest section around it that is written.
  [[nodiscard]] Place locate(std::string_view path) const {
    const auto steps = split_path(path);
    const Node* node = &root_;
    Place place;
    if (!steps) return place;
    for (const auto& step : *steps) {
      if (const auto* index = std::get_if<size_t>(&step)) {
        if (node->kind != Node::Kind::list || *index >= node->items.size()) return place;
        node = &node->items[*index];
        place = node->place;
        continue;
      }
      const auto& name = std::get<std::string>(step);
      const auto found = std::find_if(node->keys.begin(), node->keys.end(), [&](const Key& key) { return key.name == name; });
      if (found == node->keys.end()) return place;
      place = found->place;
      node = &node->items[static_cast<size_t>(found - node->keys.begin())];
    }
    return node->kind == Node::Kind::map ? place : node->place;
  }

  const Type& type_;
  const Node& root_;
  std::vector<Problem>& problems_;
  size_t num_unknown_keys_ = 0;
  UnreadOptions unread_;
  std::string_view alternative_;  ///< " or auto": what else the next value may be
};

}  // namespace

void read_tree(const Type& type, void* target, const Node& root, std::vector<Problem>& problems) {
  Reader(type, root, problems).read_root(target);
}

}  // namespace albert::config
