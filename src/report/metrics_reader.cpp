#include <albert/base/error.h>
#include <albert/report/curves.h>

#include <nlohmann/json.hpp>

namespace albert {
namespace {

void add_line(RunCurves& curves, const nlohmann::json& line) {
  auto& split = curves[line.at("split").get<std::string>()];
  const auto step = line.at("step").get<double>();
  for (const auto& [key, value] : line.items()) {
    if (key == "step" || !value.is_number()) continue;
    split[key].push_back({.step = step, .value = value.get<double>()});
  }
}

}  // namespace

RunCurves parse_metrics(std::string_view text, std::string_view where) {
  RunCurves curves;
  int64_t number = 0;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    ++number;
    try {
      add_line(curves, nlohmann::json::parse(text.substr(0, end)));
    } catch (const nlohmann::json::exception& error) {
      throw DataError(fmt::format("{}:{}: wanted a line of metrics with split and step, got: {}", where, number, error.what()));
    }
    text.remove_prefix(end + 1);
  }
  return curves;
}

}  // namespace albert
