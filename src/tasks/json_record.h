// Small things that the tasks write alike.
#pragma once

#include <albert/eval/confusion_matrix.h>

#include <nlohmann/json_fwd.hpp>

#include <iosfwd>
#include <span>
#include <string>
#include <vector>

namespace albert {

/// The object on one line. Bytes that are not UTF-8 become U+FFFD.
void write_json_line(const nlohmann::ordered_json& record, std::ostream& out);

/// Probabilities of scores. There must be at least one.
std::vector<double> softmax(std::span<const float> scores);

/// Rows: expected, columns: predicted. Empty above 30 classes, where nobody can read it.
std::string confusion_table(const ConfusionMatrix& matrix, const std::vector<std::string>& labels);

}  // namespace albert
