// How an error tells which option to set.
#pragma once

#include <albert/data/data_file.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace albert {

/// "encoding: latin-1" and "columns.token", or "--encoding latin-1" and "--column token=...". An empty value: the option alone.
inline std::string option_text(OptionNames names, std::string_view key, std::string_view value = {}) {
  if (names == OptionNames::configuration) return value.empty() ? std::string(key) : std::string(key) + ": " + std::string(value);
  constexpr std::string_view kColumns = "columns";
  if (key.starts_with(kColumns)) {
    const auto column = key.substr(std::min(key.size(), kColumns.size() + 1));
    return column.empty() ? "--column" : "--column " + std::string(column) + "=...";
  }
  std::string option = "--" + std::string(key);
  std::ranges::replace(option, '_', '-');
  return value.empty() ? option : option + " " + std::string(value);
}

}  // namespace albert
