#include "tokenizer/reference_lines.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace albert::testing {
namespace {

std::string text_of(const nlohmann::json& line) {
  if (line.is_string()) return line.get<std::string>();
  const auto hex = line.at("hex").get<std::string>();
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

std::vector<ReferenceLine> read_reference_lines(const std::filesystem::path& lines, const std::filesystem::path& expected) {
  std::ifstream text(lines);
  std::ifstream reference(expected);
  std::vector<ReferenceLine> result;
  std::string text_line;
  std::string reference_line;
  while (std::getline(text, text_line)) {
    if (!std::getline(reference, reference_line))
      throw std::runtime_error(expected.string() + ": has fewer lines than " + lines.string());
    const auto json = nlohmann::json::parse(reference_line);
    result.push_back({.text = text_of(nlohmann::json::parse(text_line)),
                      .normalized = json.at("normalized").get<std::string>(),
                      .ids = json.at("ids").get<std::vector<int32_t>>()});
  }
  if (std::getline(reference, reference_line))
    throw std::runtime_error(expected.string() + ": has more lines than " + lines.string());
  return result;
}

}  // namespace albert::testing
