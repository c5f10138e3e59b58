#include "recipes/finetune_summary.h"

#include <fmt/format.h>

#include <cmath>

namespace albert {

nlohmann::ordered_json summary_json(const SeedSummary& summary) {
  const auto number = [](double value) { return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(); };
  return {{"runs", summary.runs},
          {"left_out", summary.left_out},
          {"median", number(summary.median)},
          {"minimum", number(summary.minimum)},
          {"maximum", number(summary.maximum)},
          {"mean", number(summary.mean)},
          {"standard_deviation", number(summary.standard_deviation)},
          {"half_width_95", number(summary.half_width)}};
}

std::string summary_text(const SeedSummary& summary, std::string_view metric) {
  const auto counted = summary.runs - summary.left_out;
  if (counted == 0) return fmt::format("{} over {} seeds: not finite for any", metric, summary.runs);
  auto text = fmt::format("{} over {} seed{}: median {:.4f}, from {:.4f} to {:.4f}", metric, counted, counted == 1 ? "" : "s", summary.median,
                          summary.minimum, summary.maximum);
  if (counted > 1) text += fmt::format(", mean {:.4f} +- {:.4f} (95 %)", summary.mean, summary.half_width);
  if (summary.left_out > 0) text += fmt::format("; {} of {} left out, where it is not finite", summary.left_out, summary.runs);
  return text;
}

}  // namespace albert
