#include <albert/base/error.h>
#include <albert/config/json_schema.h>
#include <albert/config/writer.h>
#include <albert/config/yaml_reader.h>
#include <albert/recipes/config_files.h>

#include <algorithm>

namespace albert {
namespace {

constexpr std::string_view kFileNote = "# Behind each value: default, FILE:LINE, or --set.\n";
constexpr std::string_view kRunNote =
    "# A run's configuration holds every value. Behind each: default, set (unlike the default), or --set.\n";

/// Text read as the configuration of one program.
template <typename Config>
struct Reading {
  std::optional<Config> config{};
  config::Origins origins{};
  std::string problems{};  ///< a line for each
};

template <typename Config>
Reading<Config> read_as(const config::ConfigText& text, const config::Overrides& overrides) {
  Reading<Config> reading;
  try {
    reading.config = config::parse_config<Config>(text, overrides, &reading.origins);
  } catch (const ConfigError& error) {
    reading.problems = error.what();
  }
  return reading;
}

/// What a program makes of a configuration that gives only what must be given: those of `config`.
PretrainConfig defaults_of(const PretrainConfig& config) {
  PretrainConfig defaults;
  defaults.output = config.output;
  return with_defaults(std::move(defaults));
}
FinetuneConfig defaults_of(const FinetuneConfig& /*config*/) { return {}; }

PretrainConfig resolved(const PretrainConfig& config) { return with_defaults(config); }
const FinetuneConfig& resolved(const FinetuneConfig& config) { return config; }

/// What is known about the origin of each value.
class OriginNotes {
 public:
  OriginNotes(const config::Origins& origins, std::set<std::string> changed, bool is_run)
      : origins_(origins), changed_(std::move(changed)), is_run_(is_run) {}

  std::string operator()(const std::string& key) const {
    const auto found = origins_.find(key);
    const bool is_override = found != origins_.end() && found->second.starts_with("--");
    if (is_run_ && !is_override) return changed_.contains(key) ? "set" : "default";
    return found == origins_.end() ? "default" : found->second;
  }

 private:
  const config::Origins& origins_;
  std::set<std::string> changed_;
  bool is_run_;
};

template <typename Config>
std::string show(const Reading<Config>& reading, std::string_view program, ShowOrigins origins, bool is_run) {
  const auto config = resolved(*reading.config);
  auto text = fmt::format("# Configuration of {}.\n", program);
  if (origins == ShowOrigins::no) return text + config::to_yaml(config);
  text += is_run ? kRunNote : kFileNote;
  return text + config::to_yaml(config, OriginNotes(reading.origins, config::changed_keys(config, defaults_of(config)), is_run));
}

[[noreturn]] void refuse(const config::ConfigText& text, const std::string& problems, std::string_view program) {
  throw ConfigError(fmt::format("{}\n{}: read as a configuration of {}", problems, text.name, program));
}

template <typename Config, typename OfOther>
Config read_of(std::string_view program, std::string_view other, const std::filesystem::path& path, const config::Overrides& overrides) {
  const auto text = config::read_config_text(path);
  auto reading = read_as<Config>(text, overrides);
  if (reading.config) return *std::move(reading.config);
  // --set may name options that only this program has.
  if (!read_as<OfOther>(text, overrides).config && !read_as<OfOther>(text, {}).config) throw ConfigError(reading.problems);
  throw ConfigError(fmt::format("{}: must be a configuration of {}, got one of {}; give it to that program", path.string(), program, other));
}

}  // namespace

PretrainConfig read_pretrain_config(const std::filesystem::path& path, const config::Overrides& overrides) {
  return read_of<PretrainConfig, FinetuneConfig>("albert-train", "albert-finetune", path, overrides);
}

FinetuneConfig read_finetune_config(const std::filesystem::path& path, const config::Overrides& overrides) {
  return read_of<FinetuneConfig, PretrainConfig>("albert-finetune", "albert-train", path, overrides);
}

std::string config_schema(ConfigProgram program) {
  const auto description =
      fmt::format("Made from the field lists by `albert config-schema {}`; do not edit.", config::enum_name(program));
  return program == ConfigProgram::train ? config::json_schema<PretrainConfig>("configuration of albert-train", description)
                                         : config::json_schema<FinetuneConfig>("configuration of albert-finetune", description);
}

std::string resolved_config(const std::filesystem::path& path, const config::Overrides& overrides, ShowOrigins origins) {
  const bool is_run = std::filesystem::is_directory(path);
  const auto file = is_run ? path / "config.yaml" : path;
  if (is_run && !std::filesystem::exists(file)) {
    throw ConfigError(
        fmt::format("{}: must be a configuration file or the folder of a run, got a folder without config.yaml", path.string()));
  }
  const auto text = config::read_config_text(file);
  const auto pretraining = read_as<PretrainConfig>(text, overrides);
  if (pretraining.config) return show(pretraining, "albert-train", origins, is_run);
  const auto finetuning = read_as<FinetuneConfig>(text, overrides);
  if (finetuning.config) return show(finetuning, "albert-finetune", origins, is_run);
  // Neither: the one that it is nearer to.
  const auto count = [](const std::string& problems) { return std::count(problems.begin(), problems.end(), '\n'); };
  if (count(finetuning.problems) < count(pretraining.problems)) refuse(text, finetuning.problems, "albert-finetune");
  refuse(text, pretraining.problems, "albert-train");
}

}  // namespace albert
