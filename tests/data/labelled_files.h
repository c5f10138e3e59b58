// Files of labelled data for tests: written on the spot, or the real ones.
#pragma once

#include "toy.h"

#include <albert/base/error.h>
#include <albert/data/data_file.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace albert::testing {

inline DataFileConfig file_of(const std::filesystem::path& path, FileFormat format = FileFormat::automatic) {
  DataFileConfig file;
  file.path = path;
  file.format = format;
  return file;
}

/// Folder of the real data sets; it may not be there.
inline std::filesystem::path shared_data() {
  const char* shared = std::getenv("ALBERT_SHARED_DATA");
  return shared != nullptr ? shared : ALBERT_SOURCE_DIR "/../shared/data";
}

/// Text of the DataError or ConfigError that `function` throws.
template <typename Function>
std::string error_text(const Function& function) {
  try {
    function();
  } catch (const DataError& error) {
    return error.what();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace albert::testing
