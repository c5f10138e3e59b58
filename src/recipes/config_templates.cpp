#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/config/suggestions.h>
#include <albert/recipes/config_templates.h>

#include <algorithm>
#include <ostream>
#include <vector>

namespace albert {
namespace {

constexpr std::string_view kEditorMark = "# yaml-language-server: ";

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

/// Without the line for editors, which names the schema by its place in this repository.
std::string_view without_mark(std::string_view text) {
  if (!text.starts_with(kEditorMark)) return text;
  text.remove_prefix(first_line(text).size());
  return text.substr(std::min<size_t>(1, text.size()));
}

/// The first line of the comment that it begins with, up to the end of the first sentence.
std::string_view purpose(std::string_view text) {
  auto line = first_line(without_mark(text));
  line.remove_prefix(std::min(line.find_first_not_of("# "), line.size()));
  line = line.substr(0, line.find(". "));
  if (line.ends_with('.')) line.remove_suffix(1);
  return line;
}

std::string schema_name(const ConfigTemplate& which) { return fmt::format("albert-{}.schema.json", which.program); }

}  // namespace

const ConfigTemplate& find_template(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& candidate : config_templates()) {
    if (candidate.name == name) return candidate;
    names.emplace_back(candidate.name);
  }
  if (name.empty()) throw ConfigError(fmt::format("albert new: NAME must be given, one of {}", fmt::join(names, ", ")));
  const auto nearest = config::nearest_name(name, names);
  const auto cure = nearest ? fmt::format("; did you mean '{}'?", names[*nearest]) : std::string();
  throw ConfigError(fmt::format("albert new: NAME must be one of {}, got '{}'{}", fmt::join(names, ", "), name, cure));
}

std::string template_text(const ConfigTemplate& which) {
  return fmt::format("{}$schema={}\n{}", kEditorMark, schema_name(which), without_mark(which.text));
}

std::string template_list() {
  size_t width = 0;
  for (const auto& which : config_templates()) width = std::max(width, which.name.size());
  std::string list;
  for (const auto& which : config_templates()) {
    list += fmt::format("{:<{}}  {:<8}  {}\n", which.name, width, which.program, purpose(which.text));
  }
  return list;
}

void write_template(const ConfigTemplate& which, const std::filesystem::path& file, std::ostream& out) {
  if (std::filesystem::exists(std::filesystem::symlink_status(file))) {
    throw ConfigError(fmt::format("{}: must not exist; choose another name by --output, or delete it", file.string()));
  }
  FileWriter writer(file);
  writer.write(template_text(which));
  writer.commit();
  const auto schema = file.parent_path() / schema_name(which);
  out << fmt::format("wrote {}; check it with: albert-{} {} --dry-run\n", file.string(), which.program, file.string())
      << fmt::format("for completion and checks in your editor: albert config-schema {} > {}\n", which.program, schema.string());
}

}  // namespace albert
