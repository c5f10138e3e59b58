#include "report/axis.h"

#include <albert/base/file.h>
#include <albert/report/curves.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>

namespace albert {
namespace {

constexpr double kPanelWidth = 480;
constexpr double kPanelHeight = 262;
constexpr double kGap = 16;
constexpr double kHeader = 64;
constexpr int kColumns = 2;
// Of the plot inside its panel.
constexpr double kLeft = 58;
constexpr double kRight = 18;
constexpr double kTop = 46;
constexpr double kBottom = 42;

constexpr std::string_view kTrainColor = "#2563eb";
constexpr std::string_view kValidationColor = "#dc5a1e";
constexpr std::string_view kTestColor = "#0d9488";
constexpr std::string_view kInk = "#111827";
constexpr std::string_view kMuted = "#6b7280";
constexpr std::string_view kGrid = "#e5e7eb";

constexpr size_t kMostPoints = 480;       // more than the plot has pixels shows nothing more
constexpr size_t kSmoothedFrom = 40;      // shorter curves need no second line

enum class Unit { number, share };

struct Panel {
  std::string key;
  std::string title;
  Unit unit = Unit::number;
};

struct Series {
  std::string split;
  std::string_view color;
  Curve points;
};

std::string escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;  // XML allows no control characters
    }
  }
  return result;
}

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

/// The known quantities in their order, then every other result of an evaluation, then the learning rate.
std::vector<Panel> choose_panels(const RunCurves& curves) {
  std::vector<std::string> keys = {"loss", "mlm_loss", "mlm_accuracy", "sop_accuracy", "sop_loss"};
  for (const auto& [split, by_key] : curves) {
    if (split == "train") continue;
    for (const auto& [key, curve] : by_key) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  }
  keys.emplace_back("learning_rate");
  std::vector<Panel> panels;
  for (const auto& key : keys) {
    const bool share = key.ends_with("accuracy") || key == "f1" || key == "exact_match";
    if (has(curves, key)) panels.push_back({.key = key, .title = title_of(key), .unit = share ? Unit::share : Unit::number});
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

/// Means of equal numbers of neighbours.
Curve thin_out(const Curve& curve) {
  if (curve.size() <= kMostPoints) return curve;
  Curve result;
  for (size_t i = 0; i < kMostPoints; ++i) {
    const size_t begin = i * curve.size() / kMostPoints;
    const size_t end = (i + 1) * curve.size() / kMostPoints;
    CurvePoint mean;
    for (size_t j = begin; j < end; ++j) {
      mean.step += curve[j].step;
      mean.value += curve[j].value;
    }
    const auto count = static_cast<double>(end - begin);
    result.push_back({.step = mean.step / count, .value = mean.value / count});
  }
  return result;
}

/// Mean over a centred window that shrinks at both ends, so that it stays symmetric and the ends keep their place.
Curve smooth(const Curve& curve) {
  const size_t reach = std::max<size_t>(2, curve.size() / 50);
  Curve result;
  for (size_t i = 0; i < curve.size(); ++i) {
    const size_t side = std::min({reach, i, curve.size() - 1 - i});
    double sum = 0;
    for (size_t j = i - side; j <= i + side; ++j) sum += curve[j].value;
    result.push_back({.step = curve[i].step, .value = sum / static_cast<double>(2 * side + 1)});
  }
  return result;
}

/// Draws one panel; coordinates are those of the panel.
class PanelDrawing {
 public:
  PanelDrawing(const Panel& panel, std::vector<Series> series, double last_step)
      : panel_(panel), series_(std::move(series)), x_(make_axis(0, std::max(last_step, 1.0), 6)), y_(value_axis()) {}

  [[nodiscard]] std::string draw() {
    frame();
    chance();
    for (const auto& series : series_) curve(series);
    legend();
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  [[nodiscard]] Axis value_axis() const {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const auto& series : series_) {
      for (const auto& point : series.points) {
        low = std::min(low, point.value);
        high = std::max(high, point.value);
      }
    }
    if (panel_.key == "sop_accuracy") low = std::min(low, 0.5);  // chance belongs into the picture
    if (panel_.key == "learning_rate") low = 0;
    const double margin = 0.06 * (high - low);
    double bottom = low >= 0 ? std::max(0.0, low - margin) : low - margin;
    double top = high + margin;
    if (panel_.unit == Unit::share) top = std::min(top, std::max(1.0, high));
    return make_axis(bottom, top, 5);
  }

  [[nodiscard]] double px(double step) const { return kLeft + x_.share(step) * (kPanelWidth - kLeft - kRight); }
  [[nodiscard]] double py(double value) const { return kPanelHeight - kBottom - y_.share(value) * (kPanelHeight - kTop - kBottom); }
  [[nodiscard]] std::string label(double value, double tick_step) const {
    return panel_.unit == Unit::share ? percent_label(value, tick_step) : value_label(value, tick_step);
  }

  void frame() {
    add(R"(<rect width="{}" height="{}" rx="8" fill="#ffffff" stroke="{}"/>)", kPanelWidth, kPanelHeight, kGrid);
    add(R"(<text x="16" y="27" font-size="14" font-weight="600" fill="{}">{}</text>)", kInk, escape(panel_.title));
    for (const double tick : y_.ticks) {
      add(R"(<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="{}"/>)", kLeft, kPanelWidth - kRight, py(tick), py(tick), kGrid);
      add(R"(<text x="{}" y="{:.1f}" text-anchor="end" font-size="11" fill="{}">{}</text>)", kLeft - 7, py(tick) + 4, kMuted,
          label(tick, y_.tick_step));
    }
    const double bottom = kPanelHeight - kBottom;
    add(R"(<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="#9ca3af"/>)", kLeft, kPanelWidth - kRight, bottom, bottom);
    for (const double tick : x_.ticks) {
      add(R"(<line x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}" stroke="#9ca3af"/>)", px(tick), px(tick), bottom, bottom + 4);
      add(R"(<text x="{:.1f}" y="{}" text-anchor="middle" font-size="11" fill="{}">{}</text>)", px(tick), bottom + 17, kMuted, step_label(tick));
    }
    add(R"(<text x="{:.1f}" y="{}" text-anchor="middle" font-size="11" fill="{}">optimizer step</text>)",
        (kLeft + kPanelWidth - kRight) / 2, kPanelHeight - 9, kMuted);
  }

  void chance() {
    if (panel_.key != "sop_accuracy" || y_.low > 0.5 || y_.high < 0.5) return;
    add(R"(<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="{}" stroke-dasharray="5 4"/>)", kLeft, kPanelWidth - kRight, py(0.5), py(0.5), kMuted);
    add(R"(<text x="{}" y="{:.1f}" text-anchor="end" font-size="11" fill="{}">chance</text>)", kPanelWidth - kRight - 4, py(0.5) - 5, kMuted);
  }

  void line(const Curve& curve, std::string_view color, double width, double opacity) {
    std::string points;
    for (const auto& point : curve) fmt::format_to(std::back_inserter(points), "{:.1f},{:.1f} ", px(point.step), py(point.value));
    if (!points.empty()) points.pop_back();
    add(R"(<polyline points="{}" fill="none" stroke="{}" stroke-width="{}" stroke-opacity="{}" stroke-linejoin="round" stroke-linecap="round"/>)", points,
        color, width, opacity);
  }

  void curve(const Series& series) {
    const bool noisy = series.split == "train" && panel_.key != "learning_rate" && series.points.size() >= kSmoothedFrom;
    if (noisy) line(thin_out(series.points), series.color, 1, 0.3);
    line(thin_out(noisy ? smooth(series.points) : series.points), series.color, 2, 1);
    // Evaluations are few; a dot tells them from the line between them.
    if (series.split == "train" ? series.points.size() > 1 : series.points.size() > 60) return;
    for (const auto& point : series.points) {
      add(R"(<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="#ffffff" stroke="{}" stroke-width="2"/>)", px(point.step), py(point.value), series.color);
    }
  }

  /// Right of the title: the splits with their last values.
  void legend() {
    std::string text;
    for (const auto& series : series_) {
      const bool smoothed = series.split == "train" && panel_.key != "learning_rate" && series.points.size() >= kSmoothedFrom;
      const double value = smoothed ? tail_mean(series.points) : series.points.back().value;
      const std::string shown = panel_.unit == Unit::share ? fmt::format("{:.1f} %", 100 * value) : fmt::format("{:.3g}", value);
      text += fmt::format(R"(<tspan dx="{}" fill="{}" font-weight="600">{} {}</tspan>)", text.empty() ? 0 : 12, series.color, series.split, shown);
    }
    add(R"(<text x="{}" y="27" text-anchor="end" font-size="12">{}</text>)", kPanelWidth - kRight, text);
  }

  static double tail_mean(const Curve& curve) {
    const size_t count = std::max<size_t>(1, curve.size() / 50);
    double sum = 0;
    for (size_t i = curve.size() - count; i < curve.size(); ++i) sum += curve[i].value;
    return sum / static_cast<double>(count);
  }

  const Panel& panel_;
  std::vector<Series> series_;
  Axis x_;
  Axis y_;
  std::string out_;
};

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
  const auto latest = [&](const std::string& key) { return has(curves, "train", key) ? curves.at("train").at(key).back().value : 0.0; };
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
  std::string svg = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" )"
      R"(font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">)"
      "\n<title>{2}</title>\n"
      R"(<rect width="{0}" height="{1}" fill="#f9fafb"/>)"
      "\n"
      R"(<text x="{3}" y="40" font-size="19" font-weight="700" fill="{4}">{2}</text>)"
      "\n"
      R"(<text x="{5}" y="40" text-anchor="end" font-size="13" fill="{6}">{7}</text>)"
      "\n",
      width, height, escape(title), kGap + 4, kInk, width - kGap - 4, kMuted, panels.empty() ? "no metrics yet" : describe(curves));
  for (size_t i = 0; i < panels.size(); ++i) {
    const double x = kGap + static_cast<double>(i % kColumns) * (kPanelWidth + kGap);
    const double y = kHeader + static_cast<double>(i / kColumns) * (kPanelHeight + kGap);
    svg += fmt::format("<g transform=\"translate({} {})\">\n", x, y);
    svg += PanelDrawing(panels[i], series_of(curves, panels[i].key), last_step(curves)).draw();
    svg += "</g>\n";
  }
  return svg + "</svg>\n";
}

void write_curves(const std::filesystem::path& metrics, const std::filesystem::path& svg, std::string_view title) {
  write_file_atomically(svg, render_curves(parse_metrics(read_file(metrics), metrics.string()), title));
}

}  // namespace albert
