// A few steps made for their time and memory alone, with a model that is thrown away.
#pragma once

#include <albert/data/batch.h>
#include <albert/data/pretraining_dataset.h>
#include <albert/recipes/pretrain_config.h>
#include <albert/recipes/run_estimate.h>

#include <c10/core/Device.h>

#include <functional>
#include <optional>

namespace albert {

/// What is known of a run before it starts: the examples, or about how many pieces the text has.
struct RunOutlook {
  const PretrainingData* data = nullptr;  ///< null: the text is not tokenised yet
  double num_pieces = 0;                  ///< read where `data` is null
  int64_t vocab_size = 0;
};

struct Foresight {
  TrialTimes times;
  RunWork work;
  RunFiles files;
  RunEstimate estimate;
};

/// Makes the model and the optimizer of a run, times a few steps with them for some seconds, and drops them. Without examples, it works on random ids in
/// sequences of the lengths that the configuration draws. `config.training.micro_batch` must be resolved.
Foresight foresee(const PretrainConfig& config, const RunOutlook& outlook);

/// Bytes of text of a piece where it is not known: about what vocabularies of 8,000 to 30,000 pieces give for European languages.
inline constexpr double kBytesPerPiece = 4.2;

/// The configuration with a number for `training.micro_batch: auto`: that of the run that lies in the output folder; else as many sequences as
/// are fast (more on a GPU), but no more than fit into memory, which is tried.
PretrainConfig with_micro_batch(PretrainConfig config, int64_t vocab_size);

/// What finds the micro-batch of a run.
struct MicroBatchProbe {
  at::Device device{at::kCPU};
  int64_t max_length = 0;  ///< pieces of a sequence
  int64_t most = 1;        ///< sequences, more are not asked for
  std::function<void(int64_t sequences)> train_pass;  ///< forward and backward of so many sequences of max_length; may run out of memory on a GPU
};
/// As many sequences as are fast, halved until a trial fits: on a CPU into a share of the memory that is left, by a line through what one and
/// two take.
int64_t probe_micro_batch(const MicroBatchProbe& probe);

/// Halves `wanted` until it fits; at least 1.
int64_t largest_that_fits(int64_t wanted, const std::function<bool(int64_t)>& fits);
/// Bytes that this process can still get: of the machine, and of its control groups (v1, v2). None where neither is told.
std::optional<uint64_t> available_memory_bytes();

}  // namespace albert
