// The command lines of the programs that run a configuration.
//
//   const auto arguments = cli::parse_train_arguments(argc, argv, std::cout);
//   if (!arguments) return ExitCode::done;                                    // --help or --version was printed
//   const auto config = config::read_config<PretrainConfig>(arguments->config, arguments->overrides());
#pragma once

#include <albert/config/overrides.h>

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace albert::cli {

/// What all programs with a configuration take.
struct CommonArguments {
  std::filesystem::path config;       ///< CONFIG
  std::vector<std::string> set;       ///< --set KEY=VALUE, in order
  std::optional<std::string> output;  ///< --output DIR
  std::optional<std::string> device;  ///< --device auto|cpu|cuda|cuda:N
  std::string log_level = "info";     ///< --log-level, checked by LogSession

  /// --set in order, then --output as `output` and --device as `training.device`. Throws ConfigError.
  [[nodiscard]] config::Overrides overrides() const;
};

/// --resume auto|never|PATH
struct ResumeChoice {
  enum class Mode { automatic, never, checkpoint };
  Mode mode = Mode::automatic;
  std::filesystem::path checkpoint;  ///< for Mode::checkpoint
};

enum class TrainAction {
  train,
  prepare_only,  ///< make vocabulary and token store, then stop
  dry_run,       ///< check everything, print what would be done
  evaluate,      ///< evaluate `evaluated_model` on the validation data
};

/// albert-train CONFIG [options]
struct TrainArguments : CommonArguments {
  TrainAction action = TrainAction::train;
  std::filesystem::path evaluated_model;  ///< for TrainAction::evaluate
  ResumeChoice resume;
};

enum class FinetuneAction {
  train,
  dry_run,   ///< read and check everything, print the data report
  evaluate,  ///< measure `model` on the validation and test data
  predict,   ///< predict data.predict with `model`
};

/// albert-finetune CONFIG [options]
struct FinetuneArguments : CommonArguments {
  FinetuneAction action = FinetuneAction::train;
  std::filesystem::path model;  ///< for evaluate and predict
  ResumeChoice resume;
};

/// nullopt when --help or --version was asked for and printed to `out`. Throws ConfigError for everything that is wrong.
std::optional<FinetuneArguments> parse_finetune_arguments(int argc, const char* const* argv, std::ostream& out);
std::optional<TrainArguments> parse_train_arguments(int argc, const char* const* argv, std::ostream& out);

/// "auto", "cpu", "cuda" or "cuda:N"; throws ConfigError that names `option` otherwise.
void check_device_name(std::string_view option, std::string_view name);

}  // namespace albert::cli
