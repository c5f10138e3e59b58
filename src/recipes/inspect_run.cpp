#include "recipes/inspect_facts.h"
#include "recipes/run_common.h"

#include <albert/base/error.h>
#include <albert/data/store_builder.h>
#include <albert/io/json_text.h>
#include <albert/recipes/finetune_config.h>
#include <albert/train/run_lock.h>

#include <functional>
#include <optional>

namespace albert::inspection {
namespace {

namespace fs = std::filesystem;

/// Largest results.json.
constexpr uint64_t kResultsLimitBytes = uint64_t{4} << 20U;

/// Facts, or why there are none: what else the run has is still worth telling.
Facts facts_or_problem(const std::function<Facts()>& read) {
  try {
    return read();
  } catch (const Error& error) {
    return Facts{{"problem", error.what()}};
  }
}

void add_common_settings(Facts& facts, const OptimizerSection& optimizer, const ScheduleConfig& schedule,
                         const TrainingConfig& training) {
  facts.update(Facts{{"optimizer", config::enum_name(optimizer.algorithm.name)},
                     {"learning_rate", optimizer.algorithm.learning_rate},
                     {"weight_decay", optimizer.algorithm.weight_decay},
                     {"schedule", config::enum_name(schedule.name)},
                     {"warmup", to_string(schedule.warmup)},
                     {"duration", to_string(training.duration)},
                     {"batch_size", training.batch_size},
                     {"precision", config::enum_name(training.precision)},
                     {"seed", training.seed}});
}

Facts settings_of(const PretrainConfig& config) {
  Facts facts{{"preset", config.model.init_from ? Facts() : Facts(config.model.preset)},
              {"masking_probability", config.objective.masking.probability},
              {"sentence_order", config::enum_name(config.objective.sentence_order)},
              {"max_length", config.data.max_length}};
  add_common_settings(facts, config.optimizer, config.schedule, config.training);
  return facts;
}

Facts settings_of(const FinetuneConfig& config) {
  Facts facts{{"task", config.task.name ? Facts(*config.task.name) : Facts()},
              {"type", config.task.kind() ? Facts(config::enum_name(*config.task.kind())) : Facts()},
              {"max_length", config.data.max_length}};
  add_common_settings(facts, config.optimizer, config.schedule, config.training.common);
  facts["runs"] = config.training.runs;
  return facts;
}

/// config.yaml of either program; that of albert-finetune has a section `task`.
bool is_finetuning(std::string_view yaml) { return yaml.starts_with("task:") || yaml.find("\ntask:") != std::string_view::npos; }

struct RunConfig {
  std::optional<PretrainConfig> pretraining;
  std::optional<FinetuneConfig> finetuning;
};

RunConfig read_run_config(const fs::path& folder) {
  const auto path = folder / "config.yaml";
  const auto text = read_file(path, kConfigLimitBytes);
  RunConfig config;
  if (is_finetuning(text)) config.finetuning = config::parse_config<FinetuneConfig>(text, path.string());
  else config.pretraining = config::parse_config<PretrainConfig>(text, path.string());
  return config;
}

/// A run that had collapsed and was begun again has a folder of each training below its own.
Facts facts_with_restarts(const fs::path& folder, const FinetuneTrainingConfig& training, InspectDepth depth) {
  auto facts = training_facts(folder, training.common, depth);
  for (int64_t i = 1; fs::is_directory(folder / fmt::format("restart-{}", i)); ++i) {
    const auto name = fmt::format("restart-{}", i);
    facts["restarts"][name] = training_facts(folder / name, training.common, depth);
  }
  return facts;
}

/// Several seeds have a folder each.
void add_trainings(const fs::path& folder, const RunConfig& config, InspectDepth depth, Facts& facts) {
  if (config.pretraining) {
    facts["training"] = training_facts(folder, config.pretraining->training, depth);
    return;
  }
  const auto& training = config.finetuning->training;
  if (training.runs == 1) {
    facts["training"] = facts_with_restarts(folder, training, depth);
    return;
  }
  facts["trainings"] = Facts::object();
  for (int64_t i = 0; i < training.runs; ++i) {
    const auto name = fmt::format("run-{}", training.common.seed + i);
    if (fs::is_directory(folder / name)) facts["trainings"][name] = facts_with_restarts(folder / name, training, depth);
  }
}

const char* progress_of(const Facts& facts, bool has_final) {
  if (facts["in_use"] == true) return "running";
  if (has_final) return "finished";
  const bool has_begun = facts.contains("trainings") ? !facts["trainings"].empty() : facts["training"]["step"] > 0;
  return has_begun ? "interrupted" : "not begun";
}

/// What two runs are compared by: their results, without identities and clocks.
Facts results_of(const Facts& facts) {
  const auto of_training = [](const Facts& training) {
    Facts result;
    for (const char* key : {"step", "tokens", "last_validation", "best_validation"}) result[key] = training[key];
    return result;
  };
  Facts results{{"progress", facts["progress"]}, {"results", facts.value("results", Facts())}};
  if (facts.contains("training")) results["training"] = of_training(facts["training"]);
  if (facts.contains("trainings")) {
    for (const auto& [name, training] : facts["trainings"].items()) results["trainings"][name] = of_training(training);
  }
  return results;
}

/// A value of a configuration as it is told: of an absolute path the last name only.
std::string without_folders(const std::string& value) {
  const size_t begin = value.starts_with('"') ? 1 : 0;
  if (value.size() <= begin || value[begin] != '/') return value;
  return value.substr(value.rfind('/') + 1, value.size() - begin - value.rfind('/') - 1);
}

template <typename Config>
Facts configuration_differences(const Config& a, const Config& b) {
  Facts list = Facts::array();
  for (const auto& [key, in_a, in_b] : config::diff_configs(a, b)) {
    if (key == "output" || key == "data.store") continue;  // two runs never share them
    list.push_back({{"key", key}, {"a", without_folders(in_a)}, {"b", without_folders(in_b)}});
  }
  return list;
}

}  // namespace

Facts run_facts(const fs::path& folder, InspectDepth depth) {
  const auto config = read_run_config(folder);
  const auto in_use = RunLock::is_held(folder);
  Facts facts{{"program", config.pretraining ? "albert-train" : "albert-finetune"},
              {"progress", nullptr},
              {"in_use", in_use ? Facts(*in_use) : Facts()},
              {"configuration", config.pretraining ? settings_of(*config.pretraining) : settings_of(*config.finetuning)}};
  add_trainings(folder, config, depth, facts);
  const bool has_final = fs::exists(folder / "final" / "model.safetensors");
  facts["progress"] = progress_of(facts, has_final);
  if (const auto results = folder / "results.json"; fs::exists(results)) {
    facts["results"] = io::read_json(results, {.size_bytes = kResultsLimitBytes});
  }
  if (has_final) {
    facts["final"] = facts_or_problem([&] {
      const auto model = model_facts(folder / "final");
      return Facts{{"class", model["class"]}, {"parameters", model["parameters"]}, {"weights_bytes", model["weights_bytes"]}};
    });
  }
  if (const auto store = token_store_file(folder / "store"); fs::exists(store)) {
    facts["store"] = facts_or_problem([&] {
      auto found = store_facts(store, depth);
      found.erase("sources");
      found.erase("reading");
      return found;
    });
  }
  return facts;
}

Facts compare_runs(const Pair& pair) {
  const auto a = read_run_config(pair.a);
  const auto b = read_run_config(pair.b);
  if (a.pretraining.has_value() != b.pretraining.has_value()) {
    throw ConfigError(fmt::format("--diff: must be runs of the same program, got {} ({}) and {} ({})",
                                  pair.facts_a["program"].get<std::string>(), pair.a.string(),
                                  pair.facts_b["program"].get<std::string>(), pair.b.string()));
  }
  auto configuration = a.pretraining ? configuration_differences(*a.pretraining, *b.pretraining)
                                     : configuration_differences(*a.finetuning, *b.finetuning);
  auto results = differing_facts(results_of(pair.facts_a), results_of(pair.facts_b));
  return {{"equal", configuration.empty() && results.empty()},
          {"configuration", std::move(configuration)},
          {"results", std::move(results)}};
}

}  // namespace albert::inspection
