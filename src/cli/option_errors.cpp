#include "cli/option_errors.h"

#include <albert/base/error.h>
#include <albert/cli/version.h>
#include <albert/config/suggestions.h>

#include <algorithm>
#include <ostream>
#include <vector>

namespace albert::cli {
namespace {

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + ' ' + app.get_name();
}

/// The subcommand that was named, else the program.
const CLI::App& innermost(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.front());
}

/// "--output" of "--output=x".
std::string option_part(const std::string& argument) { return argument.substr(0, argument.find('=')); }

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

[[noreturn]] void refuse_unknown_option(const CLI::App& app, const std::string& argument) {
  const auto names = option_names(app);
  const auto nearest = config::nearest_name(option_part(argument), names);
  const auto cure = nearest ? fmt::format("did you mean '{}'?", names[*nearest]) : fmt::format("see {} --help", full_name(app));
  throw ConfigError(fmt::format("{}: unknown option; {}", option_part(argument), cure));
}

/// Options first: the value of an unknown option looks like an argument too many.
void refuse_extras(const CLI::App& app) {
  auto extras = app.remaining(/*recurse=*/true);
  std::erase(extras, "--");
  const auto option = std::find_if(extras.begin(), extras.end(),
                                   [](const std::string& extra) { return extra.size() > 1 && extra.front() == '-'; });
  if (option != extras.end()) refuse_unknown_option(innermost(app), *option);
  if (extras.empty()) return;
  const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  if (!subcommands.empty() && app.get_subcommands().empty()) {
    std::vector<std::string> names;
    for (const auto* subcommand : subcommands) names.push_back(subcommand->get_name());
    const auto nearest = config::nearest_name(extras.front(), names);
    const auto cure = nearest ? fmt::format("; did you mean '{}'?", names[*nearest]) : std::string();
    throw ConfigError(
        fmt::format("{}: must be given one of {}, got '{}'{}", app.get_name(), fmt::join(names, ", "), extras.front(), cure));
  }
  throw ConfigError(fmt::format("{}: must not be given more arguments, got '{}'; see {} --help", full_name(innermost(app)),
                                extras.front(), full_name(innermost(app))));
}

}  // namespace

void prepare(CLI::App& app) {
  app.allow_extras();
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.get_formatter()->column_width(28);
  if (app.get_parent() == nullptr) {
    app.set_version_flag("--version", fmt::format("{} {}", app.get_name(), version()), "Print the version and exit");
  }
}

bool parse_or_print(CLI::App& app, int argc, const char* const* argv, std::ostream& out) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    out << app.help();
    return false;
  } catch (const CLI::CallForVersion& version) {
    out << version.what() << '\n';
    return false;
  } catch (const CLI::RequiredError& error) {
    refuse_extras(app);  // a mistyped option is the reason why one is missing
    const std::string_view text = error.what();
    const auto name = full_name(innermost(app));
    throw ConfigError(fmt::format("{}: {} must be given; see {} --help", name, text.substr(0, text.find(" is required")), name));
  } catch (const CLI::ParseError& error) {
    std::string text = error.what();
    std::replace(text.begin(), text.end(), '\n', ' ');
    throw ConfigError(fmt::format("{}; see {} --help", text, full_name(innermost(app))));
  }
  refuse_extras(app);
  return true;
}

}  // namespace albert::cli
