// One panel of the curves: a quantity over the steps of a run.
#pragma once

#include <albert/report/curves.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

inline constexpr double kPanelWidth = 480;
inline constexpr double kPanelHeight = 262;

inline constexpr std::string_view kInk = "#111827";
inline constexpr std::string_view kMuted = "#6b7280";

enum class Unit { number, share };

/// What the curve is to be held against: a dashed line that is always inside the picture.
struct Reference {
  double value = 0;
  std::string label;
};

struct Panel {
  std::string key;
  std::string title;
  Unit unit = Unit::number;
  std::optional<Reference> reference{};
};

/// The curve of one split.
struct Series {
  std::string split;
  std::string_view color;
  Curve points;
};

/// Text for XML, without the control characters that it does not allow.
std::string escape_xml(std::string_view text);

/// SVG elements with the panel's upper left corner at the origin. `series` is not empty.
std::string draw_panel(const Panel& panel, const std::vector<Series>& series, double last_step);

}  // namespace albert
