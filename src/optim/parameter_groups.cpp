#include <albert/optim/parameter_groups.h>

#include <albert/base/error.h>

#include <regex>

namespace albert {

bool is_excluded(const std::string& name, const std::string& pattern) {
  if (pattern.empty()) return false;
  try {
    return std::regex_search(name, std::regex(pattern));
  } catch (const std::regex_error& error) {
    throw ConfigError(fmt::format("optimizer.exclude: must be a regular expression, got '{}'; {}", pattern, error.what()));
  }
}

}  // namespace albert
