// Configurations as files: what `albert config` shows of one, and the JSON Schema of those of each program.
#pragma once

#include <albert/config/fields.h>
#include <albert/config/origins.h>
#include <albert/config/overrides.h>
#include <albert/recipes/finetune_config.h>
#include <albert/recipes/pretrain_config.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace albert {

/// Whose configuration it is.
enum class ConfigProgram { train, finetune };
constexpr auto enum_names(config::EnumTag<ConfigProgram>) {
  return config::names<ConfigProgram>({{ConfigProgram::train, "train"}, {ConfigProgram::finetune, "finetune"}});
}

/// config::read_config for a program: where the file is one of the other program, ConfigError says so in one line.
PretrainConfig read_pretrain_config(const std::filesystem::path& path, const config::Overrides& overrides);
/// `origins`, where it is given, is told where the values come from.
FinetuneConfig read_finetune_config(const std::filesystem::path& path, const config::Overrides& overrides, config::Origins* origins = nullptr);
/// Whether the user wrote the option, in a file or by --set: it has neither the general default nor one of its task.
bool is_written(const config::Origins& origins, std::string_view key);

/// The JSON Schema for editors (config/json_schema.h), as in docs/schema.
std::string config_schema(ConfigProgram program);

/// Whether each value is followed by where it comes from.
enum class ShowOrigins { no, yes };

/// The resolved configuration as YAML that runs as it is, with every option. The first line says which program it is for: the one
/// whose field list accepts it. `path` is a file or the folder of a run; a run's config.yaml holds every value, so of its values
/// only that they are the default or were set can be told. Throws ConfigError.
std::string resolved_config(const std::filesystem::path& path, const config::Overrides& overrides, ShowOrigins origins);

}  // namespace albert
