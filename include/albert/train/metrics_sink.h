// Where the numbers of a run go: metrics.jsonl and, if asked for, TensorBoard.
#pragma once

#include <albert/train/metrics_record.h>

#include <cstdint>
#include <filesystem>
#include <memory>

namespace albert {

class AppendFile;
class EventFile;

enum class TensorBoard { off, on };

/// Writes OUTPUT/metrics.jsonl and OUTPUT/tensorboard/. A disk that is full does not stop the training: one warning, the lines
/// wait in memory and are written when there is space again.
class MetricsSink {
 public:
  /// A sink that writes nothing (all ranks but the first).
  MetricsSink();
  /// `output` is the run's folder. Nothing is opened before `begin`.
  MetricsSink(std::filesystem::path output, TensorBoard tensorboard);
  MetricsSink(const MetricsSink&) = delete;
  MetricsSink& operator=(const MetricsSink&) = delete;
  ~MetricsSink();

  /// Cuts metrics.jsonl to the first `bytes` bytes by atomic replace (what size_bytes() was when the checkpoint was saved; 0 for
  /// a new run), and starts a new event file for the steps after `finished_steps`. A file that is shorter is cut to its last
  /// whole line, with a warning. Throws IoError.
  void begin(int64_t bytes, int64_t finished_steps);
  /// One line; "split" (first) and "step" must be among the keys. Other numbers also become scalars "<split>/<key>". Flushed at
  /// once.
  void write(const MetricsRecord& record);
  /// Makes the lines durable, so that a checkpoint may name their position.
  void sync();
  /// Whole lines on the disk, in bytes.
  [[nodiscard]] int64_t size_bytes() const;

 private:
  bool write_events(const MetricsRecord& record);
  void report(bool written);

  std::filesystem::path output_;
  TensorBoard tensorboard_ = TensorBoard::off;
  std::unique_ptr<AppendFile> log_;
  std::unique_ptr<EventFile> events_;
  bool warned_ = false;
};

}  // namespace albert
