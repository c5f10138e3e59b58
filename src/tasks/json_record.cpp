#include "tasks/json_record.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace albert {

void write_json_line(const nlohmann::ordered_json& record, std::ostream& out) {
  out << record.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

std::vector<double> softmax(std::span<const float> scores) {
  const double largest = *std::max_element(scores.begin(), scores.end());
  std::vector<double> result;
  result.reserve(scores.size());
  double sum = 0;
  for (const float score : scores) sum += result.emplace_back(std::exp(static_cast<double>(score) - largest));
  for (double& value : result) value /= sum;
  return result;
}

std::string confusion_table(const ConfusionMatrix& matrix, const std::vector<std::string>& labels) {
  constexpr size_t kReadable = 30;
  if (labels.size() > kReadable) return {};
  size_t width = 8;
  for (const auto& label : labels) width = std::max(width, label.size());
  std::string text = fmt::format("{:<{}}", "expected", width);
  for (const auto& label : labels) text += fmt::format("  {:>{}}", label, std::max<size_t>(6, label.size()));
  text += "  <- predicted\n";
  for (size_t row = 0; row < labels.size(); ++row) {
    text += fmt::format("{:<{}}", labels[row], width);
    for (size_t column = 0; column < labels.size(); ++column) {
      text += fmt::format("  {:>{}}", matrix.count(static_cast<int64_t>(row), static_cast<int64_t>(column)), std::max<size_t>(6, labels[column].size()));
    }
    text += '\n';
  }
  return text;
}

}  // namespace albert
