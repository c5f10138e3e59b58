#include <albert/cli/arguments.h>
#include <albert/cli/tool.h>

#include "cli/option_errors.h"

namespace albert::cli {
namespace {

CLI::Option* add_model(CLI::App& app, std::filesystem::path& model, const std::string& help) {
  return app.add_option("MODEL", model, help)->type_name("PATH")->required();
}

}  // namespace

void declare_options(CLI::App& app, ToolArguments& arguments) {
  app.add_option("--log-level", arguments.log_level, "trace, debug, info, warning, error or off (default: info)")->type_name("LEVEL");
}

void declare_options(CLI::App& app, TokenizeArguments& arguments) {
  add_model(app, arguments.model, "Model folder, or a spiece.model");
  app.add_flag("--pieces", arguments.pieces, "Print the pieces instead of their ids");
  declare_options(app, static_cast<ToolArguments&>(arguments));
}

void declare_options(CLI::App& app, PredictArguments& arguments) {
  add_model(app, arguments.model, "Model folder");
  app.add_option("--ids", arguments.ids,
                 "safetensors with ids, segments [batch, length] and lengths [batch] (default: standard input)")
      ->type_name("FILE");
  app.add_option("--tensors", arguments.tensors, "safetensors to write: hidden states, pooled, logits")
      ->type_name("FILE")
      ->required();
  app.add_option("--device", arguments.device, "auto, cpu, cuda or cuda:N (default: auto)")
      ->type_name("D")
      ->each([](const std::string& name) { check_device_name("--device", name); });
  declare_options(app, static_cast<ToolArguments&>(arguments));
}

ExitCode run_tool(int argc, const char* const* argv, std::ostream& out, const std::vector<Subcommand>& subcommands) {
  CLI::App app("Works on model folders and runs. 'albert SUBCOMMAND --help' tells more.", "albert");
  prepare(app);
  std::vector<std::pair<const CLI::App*, std::function<ExitCode()>>> runs;
  std::vector<std::string> names;
  for (const auto& subcommand : subcommands) {
    auto* parser = app.add_subcommand(subcommand.name, subcommand.help);
    prepare(*parser);
    runs.emplace_back(parser, subcommand.declare(*parser));
    names.push_back(subcommand.name);
  }
  if (!parse_or_print(app, argc, argv, out)) return ExitCode::done;
  for (const auto& [parser, run] : runs) {
    if (parser->parsed()) return run();
  }
  throw ConfigError(fmt::format("albert: must be given one of {}; see albert --help", fmt::join(names, ", ")));
}

}  // namespace albert::cli
