#include <albert/base/error.h>
#include <albert/base/log.h>

#include <spdlog/sinks/stdout_color_sinks.h>

namespace albert {

LogSession::LogSession(const std::string& level) {
  const auto parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off") {
    throw ConfigError(fmt::format("--log-level: must be trace, debug, info, warning, error or off, got '{}'", level));
  }
  auto logger = std::make_shared<spdlog::logger>("albert", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("%H:%M:%S %^%l%$ %v");
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

LogSession::~LogSession() { spdlog::shutdown(); }

}  // namespace albert
