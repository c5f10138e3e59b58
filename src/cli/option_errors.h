// Parsing with CLI11, with our words for what goes wrong.
#pragma once

#include <CLI/CLI.hpp>

#include <iosfwd>

namespace albert::cli {

/// A parser whose name stands in usage and errors. --help and --version are added, unknown options are kept for parse_or_print.
void prepare(CLI::App& app);

/// True when parsed; false when --help or --version was printed to `out`. Throws ConfigError for everything that is wrong, an
/// unknown option before all others.
bool parse_or_print(CLI::App& app, int argc, const char* const* argv, std::ostream& out);

}  // namespace albert::cli
