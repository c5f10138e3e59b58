#include "report/axis.h"
#include "report/panel.h"

#include <albert/base/file.h>
#include <albert/report/curves.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace albert {
namespace {

constexpr double kGap = 16;
constexpr double kHeader = 64;
constexpr int kColumns = 2;
constexpr std::string_view kTrainColor = "#2563eb";
constexpr std::string_view kValidationColor = "#dc5a1e";
constexpr std::string_view kTestColor = "#0d9488";

std::string title_of(const std::string& key) {
  static const std::map<std::string, std::string> kTitles = {
      {"loss", "Loss"},
      {"mlm_loss", "Masked-token loss (nats)"},
      {"sop_loss", "Sentence-order loss (nats)"},
      {"mlm_accuracy", "Masked-token accuracy"},
      {"sop_accuracy", "Sentence-order accuracy"},
      {"learning_rate", "Learning rate"},
      {"f1", "F1"},
  };
  if (const auto it = kTitles.find(key); it != kTitles.end()) return it->second;
  std::string title = key;
  std::replace(title.begin(), title.end(), '_', ' ');
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

bool has(const RunCurves& curves, const std::string& split, const std::string& key) {
  const auto it = curves.find(split);
  return it != curves.end() && it->second.contains(key) && !it->second.at(key).empty();
}

bool has(const RunCurves& curves, const std::string& key) {
  return std::any_of(curves.begin(), curves.end(), [&](const auto& split) { return has(curves, split.first, key); });
}

/// Counts, bounds of intervals and constants of the data say nothing as a curve of their own.
bool is_companion(std::string_view key) {
  return key.ends_with("_targets") || key.ends_with("_low") || key.ends_with("_high") || key == "unigram_entropy";
}

/// SQuAD's scores are in percent already.
bool is_share(const RunCurves& curves, const std::string& key) {
  if (!key.ends_with("accuracy") && !key.ends_with("f1") && !key.ends_with("exact_match")) return false;
  return std::all_of(curves.begin(), curves.end(), [&](const auto& split) {
    const auto found = split.second.find(key);
    return found == split.second.end() ||
           std::all_of(found->second.begin(), found->second.end(), [](const CurvePoint& point) { return point.value <= 1; });
  });
}

std::optional<Reference> reference_of(const RunCurves& curves, const std::string& key) {
  if (key == "sop_accuracy") return Reference{.value = 0.5, .label = "chance"};
  if (key == "mlm_loss" && has(curves, "validation", "unigram_entropy")) {
    return Reference{.value = curves.at("validation").at("unigram_entropy").back().value, .label = "by frequency alone"};
  }
  return std::nullopt;
}

/// The known quantities in their order, then every other result of an evaluation, then the learning rate.
std::vector<Panel> choose_panels(const RunCurves& curves) {
  std::vector<std::string> keys = {"loss", "mlm_loss", "mlm_accuracy", "sop_accuracy", "sop_loss"};
  for (const auto& [split, by_key] : curves) {
    if (split == "train") continue;
    for (const auto& [key, curve] : by_key) {
      if (!is_companion(key) && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  }
  keys.emplace_back("learning_rate");
  std::vector<Panel> panels;
  for (const auto& key : keys) {
    if (!has(curves, key)) continue;
    panels.push_back({.key = key, .title = title_of(key), .unit = is_share(curves, key) ? Unit::share : Unit::number, .reference = reference_of(curves, key)});
  }
  return panels;
}

std::vector<Series> series_of(const RunCurves& curves, const std::string& key) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kSplits = {
      {{"train", kTrainColor}, {"validation", kValidationColor}, {"test", kTestColor}}};
  std::vector<Series> result;
  for (const auto& [split, color] : kSplits) {
    const std::string name(split);
    if (has(curves, name, key)) result.push_back({.split = name, .color = color, .points = curves.at(name).at(key)});
  }
  return result;
}

double last_step(const RunCurves& curves) {
  double last = 0;
  for (const auto& [split, by_key] : curves) {
    for (const auto& [key, curve] : by_key) {
      for (const auto& point : curve) last = std::max(last, point.step);
    }
  }
  return last;
}

std::string describe(const RunCurves& curves) {
  const auto latest = [&](const std::string& key) {
    return has(curves, "train", key) ? curves.at("train").at(key).back().value : 0.0;
  };
  std::string text = fmt::format("{} steps", step_label(last_step(curves)));
  if (latest("examples") > 0) text += fmt::format(", {} sequences", step_label(latest("examples")));
  if (latest("tokens") > 0) text += fmt::format(", {} tokens", step_label(latest("tokens")));
  return text;
}

}  // namespace

std::string render_curves(const RunCurves& curves, std::string_view title) {
  const std::vector<Panel> panels = choose_panels(curves);
  const auto rows = static_cast<double>((panels.size() + kColumns - 1) / kColumns);
  const double width = kColumns * kPanelWidth + (kColumns + 1) * kGap;
  const double height = kHeader + std::max(1.0, rows) * (kPanelHeight + kGap);
  std::string svg =
      fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" )"
                  R"(font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">)"
                  "\n<title>{2}</title>\n"
                  R"(<rect width="{0}" height="{1}" fill="#f9fafb"/>)"
                  "\n"
                  R"(<text x="{3}" y="40" font-size="19" font-weight="700" fill="{4}">{2}</text>)"
                  "\n"
                  R"(<text x="{5}" y="40" text-anchor="end" font-size="13" fill="{6}">{7}</text>)"
                  "\n",
                  width, height, escape_xml(title), kGap + 4, kInk, width - kGap - 4, kMuted,
                  panels.empty() ? "no metrics yet" : describe(curves));
  for (size_t i = 0; i < panels.size(); ++i) {
    const double x = kGap + static_cast<double>(i % kColumns) * (kPanelWidth + kGap);
    const double y = kHeader + static_cast<double>(i / kColumns) * (kPanelHeight + kGap);
    svg += fmt::format("<g transform=\"translate({} {})\">\n", x, y);
    svg += draw_panel(panels[i], series_of(curves, panels[i].key), last_step(curves));
    svg += "</g>\n";
  }
  return svg + "</svg>\n";
}

void write_curves(const std::filesystem::path& metrics, const std::filesystem::path& svg, std::string_view title) {
  write_file_atomically(svg, render_curves(parse_metrics(read_file(metrics), metrics.string()), title));
}

}  // namespace albert
