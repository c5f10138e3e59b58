// Reads a config struct from YAML and overrides: defaults < file < `--set`.
//
//   const auto config = config::read_config<PretrainConfig>("configs/pretrain/small.yaml", {"training.seed=2"});
//
// All mistakes are thrown at once, as one ConfigError with a line per problem, in the order of the file:
//
//   small.yaml:7:3: optimizer.learnin_rate: unknown key; did you mean 'optimizer.learning_rate'?
//   small.yaml:9:17: optimizer.weight_decay: must be in [0, 1], got 2
//   --set training.seed=x: training.seed: must be a whole number, got 'x'
//
// The YAML is a strict subset: one document, a mapping at the top, no anchors, aliases, tags or directives, no key twice,
// booleans `true` and `false` only, decimal numbers only (`1e6` is a whole number), no tab in the indentation. Limits: 1 MiB, 32
// levels of nesting, 100,000 values. Columns count characters. An empty file or section means its defaults.
#pragma once

#include <albert/config/overrides.h>
#include <albert/config/schema.h>

#include <filesystem>
#include <string_view>

namespace albert::config {

namespace detail {
/// Reads into `target`, an object of `type` at its defaults. `name` stands for the text in errors.
void read_into(const Type& type, void* target, std::string_view text, std::string_view name, const Overrides& overrides);
/// Throws ConfigError when the file cannot be read or is too large.
std::string read_config_file(const std::filesystem::path& path);
}  // namespace detail

/// As read_config, from a text; `name` is what errors call the file.
template <HasFields T>
T parse_config(std::string_view text, std::string_view name, const Overrides& overrides = {}) {
  T config{};
  detail::read_into(type_of<T>(), &config, text, name, overrides);
  return config;
}

/// Throws ConfigError with all problems of the file and the overrides.
template <HasFields T>
T read_config(const std::filesystem::path& path, const Overrides& overrides = {}) {
  return parse_config<T>(detail::read_config_file(path), path.string(), overrides);
}

}  // namespace albert::config
