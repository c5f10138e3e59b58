// How a session of a run begins: from which state, on which branch.
#include <albert/base/error.h>
#include <albert/base/log.h>
#include <albert/train/trainer.h>

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace albert {

void Trainer::restore(const ResumeRequest& resume) {
  const auto restored = parts_.checkpointer.restore(resume);
  const int64_t threads = at::get_num_threads();
  if (restored.has_value()) {
    state_ = *restored;
    if (state_.seed != options_.seed) {
      throw ConfigError(fmt::format("training.seed: must be {} as in the checkpoint, got {}", state_.seed, options_.seed));
    }
    parts_.program.restore(state_.cursor);
    parts_.program.parameters_changed();
    if (parts_.world.is_first()) {
      if (state_.intra_op_threads != threads) {
        spdlog::warn("training.intra_op_threads: the run so far used {}, this session uses {}; sums may differ in their last bit",
                     state_.intra_op_threads, threads);
      }
      spdlog::info("{} at step {} of {} (run {})", complete() ? "finished already" : "resumed", state_.step,
                   options_.plan.total_steps, state_.run_id);
    }
  } else {
    state_.run_id = make_run_id();
    state_.seed = options_.seed;
  }
  state_.intra_op_threads = threads;
  state_.ranks = parts_.world.size();
  seconds_before_ = state_.seconds;
  stop_agreed_ = parts_.world.any(parts_.stop.requested());
}

/// Before the first step; also where none is left to do, but the folder's newest checkpoint is another one, or there is none: the next
/// automatic resume must find what this session ends with. From here on the run is on the branch of the checkpoint that was restored:
/// the later ones are set aside before the metrics are cut to it, so that whatever a kill leaves fits together.
void Trainer::begin_session() {
  parts_.checkpointer.leave_later_steps(state_.step);
  forget_lost_results();
  if (options_.on_start) options_.on_start();
  parts_.sink.begin(state_.metrics_bytes, state_.step);
  const bool has_own = parts_.checkpointer.has(state_.step);
  const bool needs_own = state_.step > 0 || options_.on_divergence == OnDivergence::rewind;
  if (needs_own && !has_own) save(complete() ? Checkpointer::Importance::final : Checkpointer::Importance::regular);
}

/// A result counts among the best only while its checkpoint is there: the best one is what a run ends with. That of the step that the run
/// stands at counts: the session begins and ends by saving it where it is not there.
void Trainer::forget_lost_results() {
  if (parts_.checkpointer.keep_best() == 0) return;
  std::vector<int64_t> lost;
  for (const auto& result : state_.best) {
    if (result.step != state_.step && !parts_.checkpointer.has(result.step)) lost.push_back(result.step);
  }
  if (lost.empty()) return;
  std::erase_if(state_.best, [&](const RankedResult& result) { return std::ranges::find(lost, result.step) != lost.end(); });
  if (!parts_.world.is_first()) return;
  parts_.progress.make_room();
  spdlog::warn("the best results of step {} have no checkpoint, which could not be saved or is gone: they do not count", fmt::join(lost, ", "));
}

}  // namespace albert
