// Quantities with units, as written in YAML: "10000 steps", "3 epochs", "1e9 tokens", "10 %", "200 MiB".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace albert {

enum class DurationUnit { steps, epochs, tokens, percent };

/// A length of training. `percent` is of the whole run and allowed only where the field's documentation says so.
struct Duration {
  double amount = 0;
  DurationUnit unit = DurationUnit::steps;
  bool operator==(const Duration&) const = default;
};

/// What is needed to turn a Duration into steps.
struct DurationScale {
  double steps_per_epoch = 0;   ///< number of examples over the global batch size; 0 = not known
  double tokens_per_step = 0;   ///< mean number of real tokens of a step; 0 = not known
  double total_steps = 0;       ///< for percent; 0 = not known
};

/// Accepts "10000 steps", "1 step", "3 epochs", "0.5 epochs", "1e9 tokens", "10 %", "10%". A bare number is refused, as its unit
/// would be a guess. Throws ConfigError with a text that lists the units (without key or file: the reader adds them).
Duration parse_duration(std::string_view text);
std::string to_string(const Duration& duration);
/// At least 1 for a positive amount (rounded to nearest). Throws ConfigError where the needed scale is not known.
int64_t to_steps(const Duration& duration, const DurationScale& scale);

/// A number of bytes; prints as the largest exact unit.
struct ByteSize {
  uint64_t bytes = 0;
  bool operator==(const ByteSize&) const = default;
};

/// Accepts "200 MiB", "1.5 GiB", "64 kB", "4096 B" (KiB, MiB, GiB, TiB are powers of 1024; kB, MB, GB, TB of 1000). Throws ConfigError.
ByteSize parse_byte_size(std::string_view text);
std::string to_string(const ByteSize& size);

}  // namespace albert
