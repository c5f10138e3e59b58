#include "tokenizer/reference_lines.h"

#include <gtest/gtest.h>

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

std::vector<RangeLine> read_range_lines(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<RangeLine> result;
  for (std::string line; std::getline(stream, line);) {
    const auto json = nlohmann::json::parse(line);
    RangeLine& added = result.emplace_back(RangeLine{.text = json.at("text").get<std::string>(), .ranges = {}});
    for (const auto& range : json.at("ranges")) {
      added.ranges.emplace_back();
      if (!range.is_null()) added.ranges.back() = ByteRange{.begin = range[0].get<int32_t>(), .end = range[1].get<int32_t>()};
    }
  }
  return result;
}

void expect_ranges(const Tokenizer& tokenizer, const std::vector<RangeLine>& lines) {
  for (const RangeLine& line : lines) {
    const std::vector<ByteRange> ranges = tokenizer.encode_with_offsets(line.text).ranges;
    ASSERT_EQ(ranges.size(), line.ranges.size()) << line.text;
    for (size_t i = 0; i < ranges.size(); ++i) {
      if (line.ranges[i]) {
        EXPECT_EQ(ranges[i].begin, line.ranges[i]->begin) << line.text << " piece " << i;
        EXPECT_EQ(ranges[i].end, line.ranges[i]->end) << line.text << " piece " << i;
      } else {
        EXPECT_TRUE(ranges[i].empty()) << line.text << " piece " << i;
      }
    }
  }
}

}  // namespace albert::testing
