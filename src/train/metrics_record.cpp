#include <albert/train/metrics_record.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace albert {
namespace {

std::string json_number(double value) {
  std::string text = fmt::format("{}", value);  // shortest text that reads back to the same bits
  if (text.find_first_of(".e") == std::string::npos) text += ".0";  // a whole number stays a floating-point number
  return text;
}

std::string json_value(const MetricValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return std::isfinite(*number) ? json_number(*number) : "null";
  return nlohmann::json(std::get<std::string>(value)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string to_json_line(const MetricsRecord& record) {
  std::string line = "{";
  nlohmann::json non_finite = nlohmann::json::array();
  for (const auto& [key, value] : record) {
    if (line.size() > 1) line += ", ";
    line += fmt::format("{}: {}", nlohmann::json(key).dump(), json_value(value));
    const auto* number = std::get_if<double>(&value);
    if (number != nullptr && !std::isfinite(*number)) non_finite.push_back(key);
  }
  if (!non_finite.empty()) line += fmt::format(", \"non_finite\": {}", non_finite.dump());
  return line + "}\n";
}

}  // namespace albert
