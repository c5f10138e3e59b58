// The options of `albert config`, `albert config-schema` and `albert new`.
#include <albert/cli/tool.h>
#include <albert/config/suggestions.h>

#include <array>

#include "cli/option_errors.h"

namespace albert::cli {
namespace {

constexpr auto kConfigFooter =
    R"(Prints every option with its value, as YAML that runs as it is. Its keys tell which program it is for.
--origins tells behind each value where it comes from: default, task default (of task.name), FILE:LINE (of the file, or of one that it
includes) or --set. A run keeps its resolved configuration only, so of a run's values it can be told only: a default, or set.)";

constexpr auto kSchemaFooter =
    R"(For editors with a YAML language server (VS Code, Neovim, Helix, Emacs, Kate, ...): write it beside your configuration,
  albert config-schema train > albert-train.schema.json
and begin the configuration with the line
  # yaml-language-server: $schema=albert-train.schema.json)";

void require_program(const std::string& name) {
  const std::array<std::string, 2> programs{"train", "finetune"};
  if (name == programs[0] || name == programs[1]) return;
  const auto nearest = config::nearest_name(name, programs);
  const auto cure = nearest ? fmt::format("; did you mean '{}'?", programs.at(*nearest)) : std::string();
  throw ConfigError(fmt::format("albert config-schema: PROGRAM must be train or finetune, got '{}'{}", name, cure));
}

}  // namespace

void declare_options(CLI::App& app, ConfigArguments& arguments) {
  app.footer(kConfigFooter);
  app.add_option("CONFIG", arguments.path, "Configuration file, or the folder of a run")->type_name("FILE|RUN")->required();
  app.add_flag("--origins", arguments.origins, "Tell where each value comes from");
  app.add_option("--set", arguments.set, "Set one option of the configuration; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  declare_options(app, static_cast<ToolArguments&>(arguments));
}

void declare_options(CLI::App& app, ConfigSchemaArguments& arguments) {
  app.footer(kSchemaFooter);
  app.add_option("PROGRAM", arguments.program, "train or finetune")
      ->type_name("train|finetune")
      ->required()
      ->each(require_program);
  declare_options(app, static_cast<ToolArguments&>(arguments));
}

void declare_options(CLI::App& app, NewArguments& arguments) {
  app.add_option("NAME", arguments.name, "Which one; --list tells the names")->type_name("NAME");
  app.add_flag("--list", arguments.list, "Print names, programs and purposes, write nothing");
  app.add_option("--output", arguments.output, "File to write, which must not exist (default: NAME.yaml)")->type_name("FILE");
  declare_options(app, static_cast<ToolArguments&>(arguments));
}

}  // namespace albert::cli
