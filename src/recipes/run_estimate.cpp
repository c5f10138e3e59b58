#include <albert/recipes/run_estimate.h>
#include <albert/train/progress.h>

#include <fmt/format.h>

#include <ostream>

namespace albert {

RunEstimate estimate_run(const TrialTimes& times, const RunWork& work, uint64_t checkpoint_bytes) {
  const auto micro_batches = [&](int64_t sequences) { return static_cast<double>(sequences) / static_cast<double>(work.micro_batch); };
  RunEstimate estimate;
  estimate.step_seconds = micro_batches(work.batch_size) * times.micro_batch_seconds + times.update_seconds;
  estimate.run_seconds = static_cast<double>(work.steps) * estimate.step_seconds +
                         static_cast<double>(work.evaluations) * micro_batches(work.validation_examples) * times.evaluation_seconds +
                         static_cast<double>(work.saves) * static_cast<double>(checkpoint_bytes) / kSaveBytesPerSecond;
  estimate.memory_bytes = times.peak_memory_bytes;
  return estimate;
}

double error_percent(double estimate, double actual) { return actual > 0 ? 100 * (estimate - actual) / actual : 0; }

void print_estimate(const RunEstimate& estimate, const TrialTimes& times, const RunWork& work, std::ostream& out) {
  out << fmt::format("a step        {} ({} sequences, {} a forward pass; {} passes were timed)\n", format_seconds(estimate.step_seconds),
                     work.batch_size, work.micro_batch, times.micro_batches);
  out << fmt::format("training      {} ({} steps, {} evaluations of {} sequences, {} checkpoints)\n", format_duration(estimate.run_seconds),
                     work.steps, work.evaluations, work.validation_examples, work.saves);
  out << fmt::format("memory        {}\n", format_bytes(static_cast<uint64_t>(estimate.memory_bytes)));
}

std::string format_seconds(double seconds) {
  constexpr double kSecond = 1;
  return seconds < kSecond ? fmt::format("{:.0f} ms", 1e3 * seconds) : fmt::format("{:.1f} s", seconds);
}

std::string format_bytes(uint64_t bytes) {
  constexpr double kMega = 1e6;
  constexpr double kGiga = 1e9;
  const auto value = static_cast<double>(bytes);
  return value >= kGiga ? fmt::format("{:.2f} GB", value / kGiga) : fmt::format("{:.1f} MB", value / kMega);
}

}  // namespace albert
