#include "config/problems.h"

#include <albert/config/yaml_reader.h>

#include <algorithm>
#include <fstream>

#include "config/text.h"

namespace albert::config {

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return node.text.empty() ? "nothing" : "null";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
    case Node::Kind::scalar:
    case Node::Kind::broken:
      break;
  }
  return fmt::format("'{}'", shorten(node.text));
}

std::string format_problems(std::vector<Problem> problems, const std::vector<Source>& sources) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) { return a.place < b.place; });
  std::vector<std::string> lines;
  for (const auto& problem : problems) {
    const auto& source = sources.at(problem.place.source);
    auto where = source.name;
    if (source.text) {
      const auto position = line_column(*source.text, problem.place.offset);
      where += fmt::format(":{}:{}", position.line, position.column);
    }
    auto line = fmt::format("{}: {}{}{}", where, problem.key, problem.key.empty() ? "" : ": ", problem.text);
    if (std::find(lines.begin(), lines.end(), line) != lines.end()) continue;
    if (lines.size() == kMostProblemLines) {
      lines.push_back(fmt::format("{}: more problems follow", sources.front().name));
      break;
    }
    lines.push_back(std::move(line));
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

ConfigText read_config_text(const std::filesystem::path& path) {
  return {.text = detail::read_config_file(path), .name = path.string(), .file = path};
}

std::string detail::read_config_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw ConfigError(fmt::format("{}: must be a configuration file, got a folder", path.string()));
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const bool exists = std::filesystem::exists(path, ignored);
    throw ConfigError(fmt::format("{}: must be a configuration file, got {}", path.string(),
                                  exists ? "one that cannot be read" : "no such file"));
  }
  std::string text(kMaximumYamlBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (file.bad()) throw ConfigError(fmt::format("{}: must be a configuration file, got one that cannot be read", path.string()));
  if (text.size() > kMaximumYamlBytes)
    throw ConfigError(fmt::format("{}: must be at most {} bytes, got more", path.string(), kMaximumYamlBytes));
  return text;
}

}  // namespace albert::config
