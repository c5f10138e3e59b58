#include "config/includes.h"

#include <albert/base/error.h>

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <utility>

#include "config/problems.h"
#include "config/text.h"

namespace albert::config {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDeepestInclude = 8;
constexpr size_t kMostIncludedFiles = 32;

/// Puts the keys of `base` that `own` lacks into `own`. A section that is written without a value lacks all of them.
void fill(Node& own, Node base) {
  if (own.kind == Node::Kind::null && own.text.empty() && base.kind == Node::Kind::map) {
    own = std::move(base);
    return;
  }
  if (own.kind != Node::Kind::map || base.kind != Node::Kind::map) return;
  std::unordered_map<std::string, size_t> positions;
  for (size_t i = 0; i < own.keys.size(); ++i) positions.emplace(own.keys[i].name, i);
  for (size_t i = 0; i < base.keys.size(); ++i) {
    const auto found = positions.find(base.keys[i].name);
    if (found == positions.end()) {
      own.keys.push_back(std::move(base.keys[i]));
      own.items.push_back(std::move(base.items[i]));
    } else {
      fill(own.items[found->second], std::move(base.items[i]));
    }
  }
}

std::optional<Node> take(Node& map, std::string_view name) {
  const auto found = std::find_if(map.keys.begin(), map.keys.end(), [&](const Key& key) { return key.name == name; });
  if (found == map.keys.end()) return std::nullopt;
  const auto item = map.items.begin() + (found - map.keys.begin());
  auto value = std::move(*item);
  map.items.erase(item);
  map.keys.erase(found);
  return value;
}

bool leaves_folder(const fs::path& relative) { return relative.empty() || *relative.begin() == ".."; }

/// What an error of read_config_file says about the file, without its name.
std::string reason_of(const ConfigError& error, const fs::path& file) {
  const std::string_view text = error.what();
  return std::string(text.substr(std::min(text.size(), file.string().size() + 2)));
}

class IncludeLoader {
 public:
  IncludeLoader(std::vector<Source>& sources, std::vector<Problem>& problems) : sources_(sources), problems_(problems) {}

  Node load_root(const ConfigText& text) {
    std::error_code failure;
    if (text.file) including_.push_back(fs::weakly_canonical(*text.file, failure));
    return load(text);
  }

 private:
  Node load(const ConfigText& text) {
    const auto source = sources_.size();
    sources_.push_back({text.name, normalise_yaml(text.text)});
    // A copy: the list of sources grows while files are included.
    auto root = parse_yaml(std::string(*sources_.back().text), source, problems_);
    if (root.kind == Node::Kind::broken) return root;
    const auto include = root.kind == Node::Kind::map ? take(root, kIncludeKey) : std::nullopt;
    if (!include || include->kind == Node::Kind::broken) return root;
    auto bases = load_all(*include, text);
    // The last one that is named wins.
    std::reverse(bases.begin(), bases.end());
    for (auto& base : bases) {
      if (base.kind == Node::Kind::broken) return base;
      fill(root, std::move(base));
    }
    return root;
  }

  Node complain(Place place, std::string text) {
    problems_.push_back({place, std::string(kIncludeKey), std::move(text)});
    return {.kind = Node::Kind::broken, .place = place};
  }

  std::vector<Node> load_all(const Node& include, const ConfigText& from) {
    const auto is_path = [](const Node& node) { return node.kind == Node::Kind::scalar; };
    const bool is_list = include.kind == Node::Kind::list && std::all_of(include.items.begin(), include.items.end(), is_path);
    std::vector<Node> bases;
    if (is_path(include)) {
      bases.push_back(load_one(include, from));
    } else if (is_list) {
      for (const auto& item : include.items) bases.push_back(load_one(item, from));
    } else {
      bases.push_back(complain(include.place, fmt::format("must be a path or a list of paths, got {}", describe(include))));
    }
    return bases;
  }

  Node load_one(const Node& path, const ConfigText& from) {
    if (!from.file) return complain(path.place, "must not be given here: only a configuration file can include others");
    if (sources_.size() > kMostIncludedFiles) {
      return complain(path.place, fmt::format("must name at most {} files in all, got more", kMostIncludedFiles));
    }
    const auto file = find(path, *from.file);
    if (!file) return {.kind = Node::Kind::broken, .place = path.place};
    const auto name = (fs::path(from.name).parent_path() / path.text).lexically_normal().string();
    ConfigText text{.text = {}, .name = shorten(name, kMaximumYamlBytes), .file = file};
    try {
      text.text = detail::read_config_file(*file);
    } catch (const ConfigError& error) {
      return complain(path.place, fmt::format("{}: {}", text.name, reason_of(error, *file)));
    }
    including_.push_back(*file);
    auto root = must_be_map(load(text));
    including_.pop_back();
    return root;
  }

  Node must_be_map(Node root) {
    if (root.kind == Node::Kind::scalar || root.kind == Node::Kind::list) {
      problems_.push_back({root.place, "", fmt::format("must be 'key: value' lines at the top level, got {}", describe(root))});
      root.kind = Node::Kind::broken;
    }
    return root;
  }

  /// The file that is meant, with all links followed; nothing, and a problem, where it must not be read.
  std::optional<fs::path> find(const Node& node, const fs::path& from) {
    const auto refuse = [&](std::string text) -> std::optional<fs::path> {
      complain(node.place, std::move(text));
      return std::nullopt;
    };
    const auto written = fmt::format("'{}'", shorten(node.text));
    const fs::path path(node.text);
    if (node.text.empty() || node.text.find('\0') != std::string::npos)
      return refuse(fmt::format("must be a path, got {}", written));
    if (path.is_absolute() || leaves_folder(path.lexically_normal())) {
      return refuse(fmt::format("must be a path under the folder of this file, got {}", written));
    }
    std::error_code failure;
    const auto folder = fs::canonical(from.has_parent_path() ? from.parent_path() : fs::path("."), failure);
    const auto file = fs::canonical(folder / path, failure);
    if (failure) return refuse(fmt::format("must name a file, got {} ({})", written, failure.message()));
    if (leaves_folder(file.lexically_relative(folder))) {
      return refuse(fmt::format("must be a path under the folder of this file, got {}, which is a link out of it", written));
    }
    if (!fs::is_regular_file(file, failure)) return refuse(fmt::format("must name a file, got {}, which is none", written));
    if (std::find(including_.begin(), including_.end(), file) != including_.end()) {
      return refuse(fmt::format("must not name this file or one that includes it, got {}", written));
    }
    if (including_.size() > kDeepestInclude) return refuse(fmt::format("must nest at most {} deep, got more", kDeepestInclude));
    return file;
  }

  std::vector<Source>& sources_;
  std::vector<Problem>& problems_;
  std::vector<fs::path> including_;  ///< the file that is read after those that include it, all links followed
};

}  // namespace

Node load_tree(const ConfigText& text, std::vector<Source>& sources, std::vector<Problem>& problems) {
  return IncludeLoader(sources, problems).load_root(text);
}

}  // namespace albert::config
