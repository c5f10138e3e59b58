// The command line of `albert SUBCOMMAND`. A subcommand is one line of a table:
//
//   return cli::run_tool(argc, argv, std::cout, {
//     cli::subcommand<cli::TokenizeArguments>("tokenize", "lines of standard input to token ids", run_tokenize),
//     cli::subcommand<cli::PredictArguments>("predict", "what a model computes for given ids", run_predict),
//   });
//
// A new one adds its arguments below: a struct and a declare_options for it.
#pragma once

#include <albert/base/error.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace albert::cli {

/// What all subcommands take.
struct ToolArguments {
  std::string log_level = "info";  ///< --log-level, checked by LogSession
};

void declare_options(CLI::App& app, ToolArguments& arguments);

/// albert tokenize MODEL [--pieces]
struct TokenizeArguments : ToolArguments {
  std::filesystem::path model;  ///< a model folder or a spiece.model
  bool pieces = false;          ///< print pieces instead of ids
};
void declare_options(CLI::App& app, TokenizeArguments& arguments);

enum class PredictAction {
  task,        ///< the fine-tuned model's answers
  fill_mask,   ///< --fill-mask
  embeddings,  ///< --embeddings
  tensors,     ///< --tensors alone
};

/// albert predict MODEL [--fill-mask | --embeddings mean|cls | --tensors OUT] [options]
struct PredictArguments : ToolArguments {
  std::filesystem::path model;
  std::optional<std::filesystem::path> input;   ///< nullopt: standard input
  std::optional<std::filesystem::path> output;  ///< nullopt: standard output
  std::optional<std::string> format;            ///< as written
  std::vector<std::string> columns;             ///< NAME=COLUMN, as written
  std::map<std::string, std::string> file;      ///< options of the input as a data file by their key, as written
  std::optional<int64_t> batch_tokens;
  bool fill_mask = false;
  std::optional<int64_t> top_k;
  std::optional<std::string> embeddings;  ///< "mean" or "cls"
  std::optional<std::filesystem::path> tensors;
  std::optional<std::filesystem::path> ids;  ///< nullopt: lines of standard input are tokenised
  std::string device = "auto";

  /// Throws ConfigError where options do not belong together.
  [[nodiscard]] PredictAction action() const;
  /// NAME and COLUMN of each --column. Throws ConfigError.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> named_columns() const;
};
void declare_options(CLI::App& app, PredictArguments& arguments);

/// albert inspect PATH [--diff OTHER] [--json] [--verify]
struct InspectArguments : ToolArguments {
  std::filesystem::path path;
  std::optional<std::filesystem::path> diff;
  bool json = false;
  bool verify = false;  ///< also check all bytes that have checksums
};
void declare_options(CLI::App& app, InspectArguments& arguments);

/// albert convert SOURCE TARGET [options]
struct ConvertArguments : ToolArguments {
  std::filesystem::path source;
  std::filesystem::path target;
  bool lenient = false;
  std::optional<std::string> architecture;
  std::optional<int64_t> num_attention_heads;
  std::vector<int64_t> try_heads;
  std::optional<std::filesystem::path> text;
  std::string device = "auto";
};
void declare_options(CLI::App& app, ConvertArguments& arguments);

/// albert config FILE|RUN [--origins] [--set KEY=VALUE]
struct ConfigArguments : ToolArguments {
  std::filesystem::path path;  ///< a configuration file or the folder of a run
  bool origins = false;
  std::vector<std::string> set;
};
void declare_options(CLI::App& app, ConfigArguments& arguments);

/// albert config-schema train|finetune
struct ConfigSchemaArguments : ToolArguments {
  std::string program;  ///< "train" or "finetune"
};
void declare_options(CLI::App& app, ConfigSchemaArguments& arguments);

/// albert new NAME [--output FILE] | --list
struct NewArguments : ToolArguments {
  std::string name;  ///< empty: not given
  bool list = false;
  std::optional<std::filesystem::path> output;

  /// NAME.yaml unless --output says otherwise.
  [[nodiscard]] std::filesystem::path file() const { return output.value_or(name + ".yaml"); }
};
void declare_options(CLI::App& app, NewArguments& arguments);

/// One line of the table.
struct Subcommand {
  std::string name;
  std::string help;
  /// Adds the options to the parser; what comes back runs the subcommand with the values that were parsed.
  std::function<std::function<ExitCode()>(CLI::App&)> declare;
};

template <typename Arguments>
Subcommand subcommand(std::string name, std::string help, std::function<ExitCode(const Arguments&)> run) {
  return {std::move(name), std::move(help), [run = std::move(run)](CLI::App& app) -> std::function<ExitCode()> {
            auto arguments = std::make_shared<Arguments>();
            declare_options(app, *arguments);
            return [run, arguments] { return run(*arguments); };
          }};
}

/// Parses and runs one subcommand. --help and --version print to `out`. Throws ConfigError for a wrong command line, and what
/// the subcommand throws.
ExitCode run_tool(int argc, const char* const* argv, std::ostream& out, const std::vector<Subcommand>& subcommands);

}  // namespace albert::cli
