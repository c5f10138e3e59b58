#include <albert/base/duration.h>
#include <albert/base/error.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace albert {
namespace {

struct Quantity {
  double amount;
  std::string_view unit;
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// "<number> <unit>", blank optional.
std::optional<Quantity> split_quantity(std::string_view text) {
  text = trim(text);
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc{} || !std::isfinite(amount)) return std::nullopt;
  return Quantity{amount, trim(text.substr(static_cast<size_t>(end - text.data())))};
}

/// The shortest decimal that reads back as the same double.
std::string shortest(double value) { return fmt::format("{}", value); }

constexpr std::array<std::pair<std::string_view, uint64_t>, 9> kByteUnits{{{"TiB", uint64_t{1} << 40U},
                                                                          {"TB", 1'000'000'000'000},
                                                                          {"GiB", uint64_t{1} << 30U},
                                                                          {"GB", 1'000'000'000},
                                                                          {"MiB", uint64_t{1} << 20U},
                                                                          {"MB", 1'000'000},
                                                                          {"KiB", uint64_t{1} << 10U},
                                                                          {"kB", 1'000},
                                                                          {"B", 1}}};

}  // namespace

Duration parse_duration(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return ConfigError(fmt::format("{}, got '{}'; write it as '10000 steps', '3 epochs', '1e9 tokens' or '10 %'", why, text));
  };
  const auto quantity = split_quantity(text);
  if (!quantity) throw refuse("must be a number with a unit");
  if (quantity->amount < 0) throw refuse("must not be negative");
  const auto unit = quantity->unit;
  if (unit == "steps" || unit == "step") return {quantity->amount, DurationUnit::steps};
  if (unit == "epochs" || unit == "epoch") return {quantity->amount, DurationUnit::epochs};
  if (unit == "tokens" || unit == "token") return {quantity->amount, DurationUnit::tokens};
  if (unit == "%") return {quantity->amount, DurationUnit::percent};
  throw refuse(unit.empty() ? "must have a unit" : "must have one of the units steps, epochs, tokens, %");
}

std::string to_string(const Duration& duration) {
  constexpr std::array<std::string_view, 4> kNames{"steps", "epochs", "tokens", "%"};
  return fmt::format("{} {}", shortest(duration.amount), kNames.at(static_cast<size_t>(duration.unit)));
}

int64_t to_steps(const Duration& duration, const DurationScale& scale) {
  const auto need = [&](double factor, std::string_view what) {
    if (!(factor > 0)) throw ConfigError(fmt::format("'{}' cannot be turned into steps here: {} is not known", to_string(duration), what));
    return factor;
  };
  double steps = duration.amount;
  switch (duration.unit) {
    case DurationUnit::steps: break;
    case DurationUnit::epochs: steps *= need(scale.steps_per_epoch, "the number of steps of an epoch"); break;
    case DurationUnit::tokens: steps /= need(scale.tokens_per_step, "the number of tokens of a step"); break;
    case DurationUnit::percent: steps *= need(scale.total_steps, "the length of the run") / 100; break;
  }
  if (steps > 9e15) throw ConfigError(fmt::format("'{}' is more than 9e15 steps", to_string(duration)));
  const auto rounded = static_cast<int64_t>(std::llround(steps));
  return duration.amount > 0 && rounded == 0 ? 1 : rounded;
}

ByteSize parse_byte_size(std::string_view text) {
  const auto quantity = split_quantity(text);
  if (quantity && quantity->amount >= 0) {
    for (const auto& [name, factor] : kByteUnits) {
      if (quantity->unit != name) continue;
      const double bytes = quantity->amount * static_cast<double>(factor);
      if (bytes < 9e18) return {static_cast<uint64_t>(std::llround(bytes))};
    }
  }
  throw ConfigError(fmt::format("must be a size with a unit, got '{}'; write it as '200 MiB', '1.5 GiB', '64 kB' or '4096 B'", text));
}

std::string to_string(const ByteSize& size) {
  for (const auto& [name, factor] : kByteUnits) {
    if (size.bytes >= factor && size.bytes % factor == 0) return fmt::format("{} {}", size.bytes / factor, name);
  }
  return fmt::format("{} B", size.bytes);
}

}  // namespace albert
