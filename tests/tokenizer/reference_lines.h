// Reads the JSON lines of make_lines.py and of scripts/tokenizer_reference.py.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace albert::testing {

/// One line of text and what the reference makes of it.
struct ReferenceLine {
  std::string text;
  std::string normalized;
  std::vector<int32_t> ids;
};

/// Lines of the two files side by side. Throws std::runtime_error where they do not fit together.
std::vector<ReferenceLine> read_reference_lines(const std::filesystem::path& lines, const std::filesystem::path& expected);

}  // namespace albert::testing
