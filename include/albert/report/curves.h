// Curves of a run: metrics.jsonl drawn as one self-contained SVG.
//
//   write_curves(output / "metrics.jsonl", output / "curves.svg", "albert-small");
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// A value after `step` optimizer steps.
struct CurvePoint {
  double step = 0;
  double value = 0;
  bool operator==(const CurvePoint&) const = default;
};

/// Points in the order of steps; numbers that were not finite are left out.
using Curve = std::vector<CurvePoint>;

/// By split ("train", "validation", "test") and key ("mlm_loss").
using RunCurves = std::map<std::string, std::map<std::string, Curve>>;

/// Reads the lines of metrics.jsonl. `where` names the file in errors. A last line without its end (of a run that was killed, or
/// is still running) is left out; any other line that is not an object with "split" and "step" is a DataError that names it.
RunCurves parse_metrics(std::string_view text, std::string_view where);

/// One panel per quantity: losses, accuracies and other results, learning rate; training and validation together. Training curves
/// with many points are drawn twice, as measured and smoothed. Without any point, a page that says so.
std::string render_curves(const RunCurves& curves, std::string_view title);

/// Reads a metrics.jsonl and replaces the SVG. Throws DataError and IoError.
void write_curves(const std::filesystem::path& metrics, const std::filesystem::path& svg,
                  std::string_view title = "Training curves");

}  // namespace albert
