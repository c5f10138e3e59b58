// How the results of several seeds are written: into results.json, and as a line.
#pragma once

#include <albert/eval/seed_summary.h>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace albert {

/// Numbers that are not finite are null.
nlohmann::ordered_json summary_json(const SeedSummary& summary);

/// "f1 over 3 seeds: median 0.8100, ...", with how many were left out, if any.
std::string summary_text(const SeedSummary& summary, std::string_view metric);

}  // namespace albert
