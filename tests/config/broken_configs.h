// A folder of broken configurations, one rule each, whose first lines tell the expected error:
//
//   # error: 4:3: optimizer.nam: unknown key; did you mean 'optimizer.name'?
//   output: x
//   optimizer:
//     nam: lamb
//
// One "# error: " line per line of the error, without the name of the file.
#pragma once

#include <albert/config/yaml_reader.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace albert::testing {

/// What the file says that its error is, with `name` in front of each line.
inline std::string expected_error(std::string_view text, std::string_view name) {
  constexpr std::string_view kMark = "# error: ";
  std::string expected;
  while (text.starts_with(kMark)) {
    const auto end = std::min(text.find('\n'), text.size());
    expected += fmt::format("{}{}:{}", expected.empty() ? "" : "\n", name, text.substr(kMark.size(), end - kMark.size()));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return expected;
}

/// Reads every *.yaml of the folder as a T and compares the error. Returns the number of files.
template <config::HasFields T>
size_t expect_broken_configs(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    const auto name = file.filename().string();
    const auto text = config::detail::read_config_file(file);
    const auto expected = expected_error(text, name);
    EXPECT_FALSE(expected.empty()) << name << " does not begin with '# error: '";
    try {
      (void)config::parse_config<T>(text, name);
      ADD_FAILURE() << name << " was read without an error";
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.what(), expected);
    }
  }
  return files.size();
}

}  // namespace albert::testing
