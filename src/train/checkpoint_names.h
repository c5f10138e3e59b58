// Names that saving and restoring share.
#pragma once

#include <filesystem>
#include <string>

namespace albert {

inline constexpr const char* kAverageFile = "ema.safetensors";

/// An error text for the log, which holds no path from outside the run.
inline std::string without_folder(std::string text, const std::filesystem::path& folder) {
  const std::string prefix = folder.string() + "/";
  for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) text.erase(at, prefix.size());
  return text;
}

}  // namespace albert
