// The configurations that the programs bring along as starting points: those of configs/, compiled in.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace albert {

struct ConfigTemplate {
  std::string_view name;     ///< "spam", of configs/finetune/spam.yaml
  std::string_view program;  ///< "train" or "finetune"
  std::string_view text;
};

/// In the order of their names, those of albert-train first.
std::span<const ConfigTemplate> config_templates();

/// Throws ConfigError that lists the names and suggests the nearest.
const ConfigTemplate& find_template(std::string_view name);

/// The template as a file of its own: its first line names the schema for editors beside it.
std::string template_text(const ConfigTemplate& which);

/// A line for each: name, program, what it is for.
std::string template_list();

/// Writes `file`, which must not exist (ConfigError), and tells `out` how to go on. Throws IoError where it cannot be written.
void write_template(const ConfigTemplate& which, const std::filesystem::path& file, std::ostream& out);

}  // namespace albert
