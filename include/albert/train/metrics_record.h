// One line of metrics.jsonl.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace albert {

using MetricValue = std::variant<int64_t, double, std::string>;

/// Keys and values in the order in which they are printed. Keys and their meaning: docs/formats.md.
using MetricsRecord = std::vector<std::pair<std::string, MetricValue>>;

/// One JSON object and a line feed. Numbers are printed with the fewest digits that read back to the same bits. Numbers that are
/// not finite become null, and a last key "non_finite" lists their names.
std::string to_json_line(const MetricsRecord& record);

}  // namespace albert
