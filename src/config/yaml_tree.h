// Our own small tree of a YAML text, with the place of every key and value.
//
// yaml-cpp's event interface is used, not its node tree: that one silently takes the first of two equal keys and expands aliases.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace albert::config {

/// A byte of one of the sources: the file (0), those that it includes, the overrides, the implied defaults. Sorts in the order of reading.
struct Place {
  size_t source = 0;
  size_t offset = 0;
  auto operator<=>(const Place&) const = default;
};

struct Key {
  std::string name;
  Place place;
};

struct Node {
  enum class Kind {
    null,  ///< nothing, `null` or `~`
    scalar,
    list,
    map,
    broken,  ///< already reported
  };
  Kind kind = Kind::null;
  Place place{};              ///< of a null that is not written: that of its key
  std::string text{};         ///< scalar: the value; null: as written
  bool quoted = false;        ///< scalar
  std::vector<Node> items{};  ///< list: the entries; map: the values, one per key
  std::vector<Key> keys{};    ///< map

  [[nodiscard]] const Node* find(std::string_view key) const;
};

/// A mistake, not yet put into words with its file and line.
struct Problem {
  Place place;
  std::string key;  ///< full path, or empty
  std::string text;
};

constexpr size_t kMaximumYamlBytes = size_t{1} << 20U;

/// Line ends become '\n' and a byte-order mark is dropped, so that offsets are those of the returned text.
std::string normalise_yaml(std::string_view text);

/// What yaml-cpp would misread, pass over in silence or call by another name: size, encoding, control characters, tabs,
/// directives.
std::optional<Problem> check_yaml_text(const std::string& text, size_t source);

/// Parses `text` (normalised) and appends what is wrong to `problems`. Duplicate keys, aliases and tags are reported and passed
/// over; after a mistake that leaves the rest unclear the node is `broken`. An empty text is a null node.
Node parse_yaml(const std::string& text, size_t source, std::vector<Problem>& problems);

}  // namespace albert::config
