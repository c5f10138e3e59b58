#include <albert/recipes/run_estimate.h>
#include <albert/train/progress.h>

#include <fmt/format.h>

#include <numeric>
#include <ostream>

namespace albert {

int64_t RunWork::total_steps() const {
  return std::accumulate(phases.begin(), phases.end(), int64_t{0}, [](int64_t sum, const PhaseWork& phase) { return sum + phase.steps; });
}

RunEstimate estimate_run(const TrialTimes& times, const RunWork& work, uint64_t checkpoint_bytes) {
  RunEstimate estimate;
  for (size_t i = 0; i < work.phases.size(); ++i) {
    const auto& phase = work.phases[i];
    const double passes = static_cast<double>(phase.batch_size) / static_cast<double>(phase.micro_batch);
    estimate.step_seconds.push_back(passes * times.pass_seconds.at(i) + times.update_seconds);
    estimate.run_seconds += static_cast<double>(phase.steps) * estimate.step_seconds.back();
  }
  const double passes = static_cast<double>(work.validation_examples) / static_cast<double>(work.evaluation_batch);
  estimate.run_seconds += static_cast<double>(work.evaluations) * passes * times.evaluation_seconds +
                          static_cast<double>(work.saves) * static_cast<double>(checkpoint_bytes) / kSaveBytesPerSecond;
  estimate.memory_bytes = times.peak_memory_bytes;
  return estimate;
}

double error_percent(double estimate, double actual) { return actual > 0 ? 100 * (estimate - actual) / actual : 0; }

void print_estimate(const RunEstimate& estimate, const TrialTimes& times, const RunWork& work, std::ostream& out) {
  for (size_t i = 0; i < work.phases.size(); ++i) {
    const auto& phase = work.phases[i];
    const auto what = work.phases.size() == 1 ? std::string("a step") : fmt::format("step, phase {}", i + 1);
    out << fmt::format("{:<14}{} ({} sequences of {} pieces, {} in a forward pass)\n", what, format_seconds(estimate.step_seconds[i]), phase.batch_size,
                       phase.max_length, phase.micro_batch);
  }
  out << fmt::format("training      {} ({} steps, {} evaluations of {} sequences, {} checkpoints); from {} timed passes\n",
                     format_duration(estimate.run_seconds), work.total_steps(), work.evaluations, work.validation_examples, work.saves, times.passes);
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
