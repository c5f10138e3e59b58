#include <albert/base/error.h>
#include <albert/config/json_schema.h>
#include <albert/config/writer.h>
#include <albert/config/yaml_reader.h>
#include <albert/recipes/config_files.h>

#include <algorithm>

namespace albert {
namespace {

constexpr std::string_view kFileNote = "# Behind each value: default, task default (of task.name), FILE:LINE, or --set.\n";
constexpr std::string_view kRunNote =
    "# A run's configuration holds every value. Behind each: default, task default (of task.name), set (unlike these; data.max_length "
    "also by the model), or --set.\n";

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

/// What a program makes of a configuration that gives only what must be given, and the origins of what is implied by that.
template <typename Config>
struct Defaults {
  Config config{};
  config::Origins implied{};
};

Defaults<PretrainConfig> defaults_of(const PretrainConfig& config) {
  PretrainConfig defaults;
  defaults.output = config.output;
  return {.config = with_defaults(std::move(defaults))};
}

Defaults<FinetuneConfig> defaults_of(const FinetuneConfig& config) {
  const FinetuneConfig general;
  if (!config.task.name) return {};
  Defaults<FinetuneConfig> defaults;
  const config::ConfigText text{.text = fmt::format("output: o\nmodel: {{init_from: m}}\ntask: {{name: {}}}\n", *config.task.name), .name = "task"};
  defaults.config = config::parse_config<FinetuneConfig>(text, {}, &defaults.implied);
  for (const auto* key : {"", "output", "model", "model.init_from", "task", "task.name"}) defaults.implied.erase(key);
  defaults.config.task = general.task;
  if (config.training.common.duration != defaults.config.training.common.duration) {  // as where it was written
    defaults.config.schedule.warmup = general.schedule.warmup;
    defaults.implied.erase("schedule.warmup");
  }
  return defaults;
}

PretrainConfig resolved(const PretrainConfig& config) { return with_defaults(config); }
const FinetuneConfig& resolved(const FinetuneConfig& config) { return config; }

/// What is known about the origin of each value.
class OriginNotes {
 public:
  /// Of a file.
  explicit OriginNotes(config::Origins origins) : origins_(std::move(origins)) {}
  /// Of a run, in which every value is written: what it has by `defaults`, and what is `changed`.
  OriginNotes(const config::Origins& origins, config::Origins defaults, const std::set<std::string>& changed) : origins_(std::move(defaults)) {
    for (const auto& key : changed) origins_[key] = "set";
    for (const auto& [key, origin] : origins) {
      if (origin.starts_with("--")) origins_[key] = origin;
    }
  }

  std::string operator()(const std::string& key) const {
    const auto found = origins_.find(key);
    return found == origins_.end() ? "default" : found->second;
  }

 private:
  config::Origins origins_;
};

template <typename Config>
std::string show(const Reading<Config>& reading, std::string_view program, ShowOrigins origins, bool is_run) {
  const auto config = resolved(*reading.config);
  auto text = fmt::format("# Configuration of {}.\n", program);
  if (origins == ShowOrigins::no) return text + config::to_yaml(config);
  text += is_run ? kRunNote : kFileNote;
  if (!is_run) return text + config::to_yaml(config, OriginNotes(reading.origins));
  auto defaults = defaults_of(config);
  const auto changed = config::changed_keys(config, defaults.config);
  return text + config::to_yaml(config, OriginNotes(reading.origins, std::move(defaults.implied), changed));
}

[[noreturn]] void refuse(const config::ConfigText& text, const std::string& problems, std::string_view program) {
  throw ConfigError(fmt::format("{}\n{}: read as a configuration of {}", problems, text.name, program));
}

template <typename Config, typename OfOther>
Config read_of(std::string_view program, std::string_view other, const std::filesystem::path& path, const config::Overrides& overrides,
               config::Origins* origins = nullptr) {
  const auto text = config::read_config_text(path);
  auto reading = read_as<Config>(text, overrides);
  if (origins != nullptr) *origins = std::move(reading.origins);
  if (reading.config) return *std::move(reading.config);
  // --set may name options that only this program has.
  if (!read_as<OfOther>(text, overrides).config && !read_as<OfOther>(text, {}).config) throw ConfigError(reading.problems);
  throw ConfigError(fmt::format("{}: must be a configuration of {}, got one of {}; give it to that program", path.string(), program, other));
}

}  // namespace

PretrainConfig read_pretrain_config(const std::filesystem::path& path, const config::Overrides& overrides) {
  return read_of<PretrainConfig, FinetuneConfig>("albert-train", "albert-finetune", path, overrides);
}

FinetuneConfig read_finetune_config(const std::filesystem::path& path, const config::Overrides& overrides, config::Origins* origins) {
  return read_of<FinetuneConfig, PretrainConfig>("albert-finetune", "albert-train", path, overrides, origins);
}

bool is_written(const config::Origins& origins, std::string_view key) {
  const auto found = origins.find(key);
  return found != origins.end() && !found->second.starts_with(kTaskDefault);
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
