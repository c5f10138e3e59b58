#include <albert/optim/optimizer_config.h>

#include <albert/base/error.h>

#include <regex>

namespace albert {

void OptimizerConfig::validate(config::Issues& issues) const {
  try {
    const std::regex compiled(exclude);
  } catch (const std::regex_error& error) {
    issues.add("exclude", fmt::format("must be a regular expression, got '{}'; {}", exclude, error.what()));
  }
  if (!clamp_weight_norm) return;
  if (*clamp_weight_norm <= 0) issues.add("clamp_weight_norm", fmt::format("must be more than 0, got {}", *clamp_weight_norm));
  if (name != OptimizerName::lamb) issues.add("clamp_weight_norm", "must be null for an optimizer without trust ratio, got a number");
}

}  // namespace albert
