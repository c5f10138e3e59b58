#include <albert/base/error.h>
#include <albert/cli/arguments.h>

#include <algorithm>

#include "cli/option_errors.h"

namespace albert::cli {
namespace {

constexpr auto kFooter = R"(Options of the command line beat the configuration file, which beats the defaults (docs/config.md).
Examples of --set: --set optimizer.learning_rate=1e-3   --set 'data.sources[0].path=a.txt'   --set 'model={hidden_size: 256}'

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 data, 4 checkpoint, disk or output folder, 5 diverged,
6 out of memory, 7 peer lost, 75 stopped on request and saved (run the same command again to go on).)";

void declare_common(CLI::App& app, CommonArguments& arguments) {
  app.add_option("CONFIG", arguments.config, "Configuration file (YAML)")->type_name("FILE")->required();
  app.add_option("--set", arguments.set, "Set one option of the configuration; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--output", arguments.output, "Folder of the run, instead of 'output'")->type_name("DIR");
  app.add_option("--device", arguments.device, "auto, cpu, cuda or cuda:N, instead of 'training.device'")->type_name("D");
  app.add_option("--log-level", arguments.log_level, "trace, debug, info, warning, error or off (default: info)")
      ->type_name("LEVEL");
}

ResumeChoice parse_resume(const std::string& text) {
  if (text == "auto") return {};
  if (text == "never") return {.mode = ResumeChoice::Mode::never, .checkpoint = {}};
  return {.mode = ResumeChoice::Mode::checkpoint, .checkpoint = text};
}

/// The options of albert-train as written.
struct TrainOptions {
  bool prepare_only = false;
  bool dry_run = false;
  std::optional<std::string> evaluate;
  std::optional<std::string> resume;
};

/// Refuses more than one of the flags that choose what is done.
void require_one_action(const std::vector<std::pair<std::string, bool>>& actions) {
  std::vector<std::string> chosen;
  for (const auto& [name, is_chosen] : actions) {
    if (is_chosen) chosen.push_back(name);
  }
  if (chosen.size() > 1) throw ConfigError(fmt::format("{}: must not be given together", fmt::join(chosen, ", ")));
}

TrainAction choose_action(const TrainOptions& options) {
  require_one_action({{"--prepare-only", options.prepare_only}, {"--dry-run", options.dry_run}, {"--evaluate", options.evaluate.has_value()}});
  if (options.evaluate) return TrainAction::evaluate;
  if (options.dry_run) return TrainAction::dry_run;
  return options.prepare_only ? TrainAction::prepare_only : TrainAction::train;
}

/// The options of albert-finetune as written.
struct FinetuneOptions {
  bool dry_run = false;
  std::optional<std::string> evaluate;
  std::optional<std::string> predict;
  std::optional<std::string> resume;
};

FinetuneAction choose_action(const FinetuneOptions& options) {
  require_one_action({{"--dry-run", options.dry_run}, {"--evaluate", options.evaluate.has_value()}, {"--predict", options.predict.has_value()}});
  if (options.evaluate) return FinetuneAction::evaluate;
  if (options.predict) return FinetuneAction::predict;
  return options.dry_run ? FinetuneAction::dry_run : FinetuneAction::train;
}

void declare_finetune(CLI::App& app, FinetuneOptions& options) {
  app.add_flag("--dry-run", options.dry_run, "Read and check everything, print what is known about the data; write nothing");
  app.add_option("--evaluate", options.evaluate, "Measure a fine-tuned model folder on the validation and test data, then stop")->type_name("MODEL");
  app.add_option("--predict", options.predict, "Predict data.predict (else data.test) with a fine-tuned model folder, then stop")->type_name("MODEL");
  app.add_option("--resume", options.resume, "auto, never, or a checkpoint folder (default: auto, from the newest good one)")->type_name("WHAT");
}

void declare_train(CLI::App& app, TrainOptions& options) {
  app.add_flag("--prepare-only", options.prepare_only, "Make the vocabulary and the token store, then stop");
  app.add_flag("--dry-run", options.dry_run, "Check everything, print the model's size and the first documents; write nothing");
  app.add_option("--evaluate", options.evaluate, "Evaluate a model folder on the validation data, then stop")->type_name("MODEL");
  app.add_option("--resume", options.resume, "auto, never, or a checkpoint folder (default: auto, from the newest good one)")
      ->type_name("WHAT");
}

}  // namespace

config::Overrides CommonArguments::overrides() const {
  config::Overrides overrides(set);
  if (output) overrides.add_text("output", *output, "--output " + *output);
  if (device) overrides.add_text("training.device", *device, "--device " + *device);
  return overrides;
}

void check_device_name(std::string_view option, std::string_view name) {
  constexpr std::string_view kIndexed = "cuda:";
  const bool is_indexed = name.starts_with(kIndexed) && name.size() > kIndexed.size() && name.size() <= kIndexed.size() + 4 &&
                          name.find_first_not_of("0123456789", kIndexed.size()) == std::string_view::npos;
  if (name == "auto" || name == "cpu" || name == "cuda" || is_indexed) return;
  throw ConfigError(fmt::format("{}: must be auto, cpu, cuda or cuda:N, got '{}'", option, name));
}

std::optional<TrainArguments> parse_train_arguments(int argc, const char* const* argv, std::ostream& out) {
  CLI::App app("Pre-trains an ALBERT model as a configuration file says.", "albert-train");
  prepare(app);
  app.footer(kFooter);
  TrainArguments arguments;
  TrainOptions options;
  declare_common(app, arguments);
  declare_train(app, options);
  if (!parse_or_print(app, argc, argv, out)) return std::nullopt;
  if (arguments.device) check_device_name("--device", *arguments.device);
  arguments.action = choose_action(options);
  if (options.evaluate) arguments.evaluated_model = *options.evaluate;
  if (options.resume) arguments.resume = parse_resume(*options.resume);
  return arguments;
}

std::optional<FinetuneArguments> parse_finetune_arguments(int argc, const char* const* argv, std::ostream& out) {
  CLI::App app("Fine-tunes a pre-trained model on a task as a configuration file says.", "albert-finetune");
  prepare(app);
  app.footer(kFooter);
  FinetuneArguments arguments;
  FinetuneOptions options;
  declare_common(app, arguments);
  declare_finetune(app, options);
  if (!parse_or_print(app, argc, argv, out)) return std::nullopt;
  if (arguments.device) check_device_name("--device", *arguments.device);
  arguments.action = choose_action(options);
  if (options.evaluate) arguments.model = *options.evaluate;
  if (options.predict) arguments.model = *options.predict;
  if (options.resume) arguments.resume = parse_resume(*options.resume);
  return arguments;
}

}  // namespace albert::cli
