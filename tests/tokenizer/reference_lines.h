// Reads the JSON lines of make_lines.py and of scripts/tokenizer_reference.py.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "albert/tokenizer/tokenizer.h"

namespace albert::testing {

/// One line of text and what the reference makes of it.
struct ReferenceLine {
  std::string text;
  std::string normalized;
  std::vector<int32_t> ids;
};

/// Lines of the two files side by side. Throws std::runtime_error where they do not fit together.
std::vector<ReferenceLine> read_reference_lines(const std::filesystem::path& lines, const std::filesystem::path& expected);

/// One line of make_offsets.py: a text and the range of each piece; nothing for a piece of a word mark alone.
struct RangeLine {
  std::string text;
  std::vector<std::optional<ByteRange>> ranges;
};

std::vector<RangeLine> read_range_lines(const std::filesystem::path& file);

/// Fails the test where the tokenizer gives other ranges.
void expect_ranges(const Tokenizer& tokenizer, const std::vector<RangeLine>& lines);

}  // namespace albert::testing
