#include "report/axis.h"
#include "report/panel.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

namespace albert {
namespace {

// Margins of the plot inside its panel.
constexpr double kLeft = 58;
constexpr double kRight = 18;
constexpr double kTop = 46;
constexpr double kBottom = 42;

constexpr std::string_view kGrid = "#e5e7eb";

constexpr size_t kMostPoints = 480;   // more than the plot has pixels shows nothing more
constexpr size_t kSmoothedFrom = 40;  // shorter curves need no second line
constexpr size_t kMostDots = 60;

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

/// Mean over a centred window. It shrinks at the begin, where curves are steep and a longer one would lie; at the end it loses
/// only its right half, as a short one would follow the noise.
Curve smooth(const Curve& curve) {
  const size_t reach = std::max<size_t>(2, curve.size() / 50);
  Curve result;
  for (size_t i = 0; i < curve.size(); ++i) {
    const size_t left = std::min(reach, i);
    const size_t right = std::min(left, curve.size() - 1 - i);
    double sum = 0;
    for (size_t j = i - left; j <= i + right; ++j) sum += curve[j].value;
    result.push_back({.step = curve[i].step, .value = sum / static_cast<double>(left + right + 1)});
  }
  return result;
}

/// Draws one panel; coordinates are those of the panel.
class PanelDrawing {
 public:
  PanelDrawing(const Panel& panel, const std::vector<Series>& series, double last_step)
      : panel_(panel), series_(series), x_(make_axis(0, std::max(last_step, 1.0), 6)), y_(value_axis()) {}

  [[nodiscard]] std::string draw() {
    frame();
    reference();
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
    if (panel_.reference) {
      low = std::min(low, panel_.reference->value);
      high = std::max(high, panel_.reference->value);
    }
    if (panel_.key == "learning_rate") low = 0;
    const double margin = 0.06 * (high - low);
    double bottom = low >= 0 ? std::max(0.0, low - margin) : low - margin;
    double top = high + margin;
    if (panel_.unit == Unit::share) top = std::min(top, std::max(1.0, high));
    return make_axis(bottom, top, 5);
  }

  [[nodiscard]] double px(double step) const { return kLeft + x_.share(step) * (kPanelWidth - kLeft - kRight); }
  [[nodiscard]] double py(double value) const {
    return kPanelHeight - kBottom - y_.share(value) * (kPanelHeight - kTop - kBottom);
  }
  [[nodiscard]] std::string label(double value, double tick_step) const {
    return panel_.unit == Unit::share ? percent_label(value, tick_step) : value_label(value, tick_step);
  }

  void frame() {
    add(R"(<rect width="{}" height="{}" rx="8" fill="#ffffff" stroke="{}"/>)", kPanelWidth, kPanelHeight, kGrid);
    add(R"(<text x="16" y="27" font-size="14" font-weight="600" fill="{}">{}</text>)", kInk, escape_xml(panel_.title));
    for (const double tick : y_.ticks) {
      add(R"(<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="{}"/>)", kLeft, kPanelWidth - kRight, py(tick), py(tick),
          kGrid);
      add(R"(<text x="{}" y="{:.1f}" text-anchor="end" font-size="11" fill="{}">{}</text>)", kLeft - 7, py(tick) + 4, kMuted,
          label(tick, y_.tick_step));
    }
    const double bottom = kPanelHeight - kBottom;
    add(R"(<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="#9ca3af"/>)", kLeft, kPanelWidth - kRight, bottom, bottom);
    for (const double tick : x_.ticks) {
      add(R"(<line x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}" stroke="#9ca3af"/>)", px(tick), px(tick), bottom, bottom + 4);
      add(R"(<text x="{:.1f}" y="{}" text-anchor="middle" font-size="11" fill="{}">{}</text>)", px(tick), bottom + 17, kMuted,
          step_label(tick));
    }
    add(R"(<text x="{:.1f}" y="{}" text-anchor="middle" font-size="11" fill="{}">optimizer step</text>)",
        (kLeft + kPanelWidth - kRight) / 2, kPanelHeight - 9, kMuted);
  }

  void reference() {
    if (!panel_.reference) return;
    const double y = py(panel_.reference->value);
    add(R"(<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="{}" stroke-dasharray="5 4"/>)", kLeft, kPanelWidth - kRight, y, y, kMuted);
    add(R"(<text x="{}" y="{:.1f}" text-anchor="end" font-size="11" fill="{}">{}</text>)", kPanelWidth - kRight - 4, y - 5, kMuted,
        escape_xml(panel_.reference->label));
  }

  void line(const Curve& curve, std::string_view color, double width, double opacity) {
    std::string points;
    for (const auto& point : curve) fmt::format_to(std::back_inserter(points), "{:.1f},{:.1f} ", px(point.step), py(point.value));
    if (!points.empty()) points.pop_back();
    add(R"(<polyline points="{}" fill="none" stroke="{}" stroke-width="{}" stroke-opacity="{}" stroke-linejoin="round"/>)", points, color,
        width, opacity);
  }

  [[nodiscard]] bool noisy(const Series& series) const {
    return series.split == "train" && panel_.key != "learning_rate" && series.points.size() >= kSmoothedFrom;
  }

  void curve(const Series& series) {
    if (noisy(series)) line(thin_out(series.points), series.color, 1, 0.3);
    line(thin_out(noisy(series) ? smooth(series.points) : series.points), series.color, 2, 1);
    // Evaluations are few; a dot tells them from the line between them.
    if (series.split == "train" ? series.points.size() > 1 : series.points.size() > kMostDots) return;
    for (const auto& point : series.points) {
      add(R"(<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="#ffffff" stroke="{}" stroke-width="2"/>)", px(point.step),
          py(point.value), series.color);
    }
  }

  /// Right of the title: the splits with their last values, placed one by one from the right, as not every viewer anchors a line
  /// of several colours at its end.
  void legend() {
    if (panel_.key == "learning_rate") return;
    constexpr double kLetter = 6.9;  // about the mean width of the font at this size
    double right = kPanelWidth - kRight;
    for (auto series = series_.rbegin(); series != series_.rend(); ++series) {
      const double value = noisy(*series) ? smooth(series->points).back().value : series->points.back().value;
      const std::string shown = panel_.unit == Unit::share ? fmt::format("{:.1f} %", 100 * value) : fmt::format("{:#.3g}", value);
      const std::string text = series->split + " " + shown;
      add(R"(<text x="{:.1f}" y="27" text-anchor="end" font-size="12" font-weight="600" fill="{}">{}</text>)", right,
          series->color, text);
      right -= static_cast<double>(text.size()) * kLetter + 14;
    }
  }

  const Panel& panel_;
  const std::vector<Series>& series_;
  Axis x_;
  Axis y_;
  std::string out_;
};

}  // namespace

std::string escape_xml(std::string_view text) {
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

std::string draw_panel(const Panel& panel, const std::vector<Series>& series, double last_step) {
  return PanelDrawing(panel, series, last_step).draw();
}

}  // namespace albert
