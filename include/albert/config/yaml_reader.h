// Reads a config struct from YAML and overrides: defaults < implied defaults < included files < file < `--set`.
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
//
// `include: other.yaml`, or a list, at the top level of a file names files under its folder whose values stand where the file
// gives none: maps are merged key by key, everything else is replaced, the last of a list wins. Included files may include, too:
// up to 8 deep and 32 in all.
#pragma once

#include <albert/config/implied_defaults.h>
#include <albert/config/origins.h>
#include <albert/config/overrides.h>
#include <albert/config/schema.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace albert::config {

/// What a configuration is read from.
struct ConfigText {
  std::string text;
  std::string name;                            ///< what errors call it
  std::optional<std::filesystem::path> file{};  ///< where it was read; nothing: a text that can include no files
};

/// Throws ConfigError when the file cannot be read or is too large.
ConfigText read_config_text(const std::filesystem::path& path);

namespace detail {
/// The implied defaults of an object into which `read` reads what is written.
using FindImplied = std::vector<ImpliedDefault> (*)(const std::function<void(void*)>& read);
template <HasFields T>
FindImplied find_implied() {
  if constexpr (HasImpliedDefaults<T>) {
    return [](const std::function<void(void*)>& read) {
      T draft{};
      read(&draft);
      return draft.implied_defaults();
    };
  }
  return nullptr;
}
/// Reads into `target`, an object of `type` at its defaults. `origins` and `find_implied` may be null.
void read_into(const Type& type, void* target, const ConfigText& text, const Overrides& overrides, Origins* origins, FindImplied find_implied);
std::string read_config_file(const std::filesystem::path& path);
}  // namespace detail

/// As read_config, from what was read before. `origins`, where it is given, is told where the values come from.
template <HasFields T>
T parse_config(const ConfigText& text, const Overrides& overrides = {}, Origins* origins = nullptr) {
  T config{};
  detail::read_into(type_of<T>(), &config, text, overrides, origins, detail::find_implied<T>());
  return config;
}

/// From a text that includes no files; `name` is what errors call it.
template <HasFields T>
T parse_config(std::string_view text, std::string_view name, const Overrides& overrides = {}) {
  return parse_config<T>(ConfigText{.text = std::string(text), .name = std::string(name)}, overrides);
}

/// Throws ConfigError with all problems of the file, of those that it includes and of the overrides.
template <HasFields T>
T read_config(const std::filesystem::path& path, const Overrides& overrides = {}) {
  return parse_config<T>(read_config_text(path), overrides);
}

}  // namespace albert::config
