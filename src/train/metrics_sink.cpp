#include "train/append_file.h"

#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/log.h>
#include <albert/train/event_file.h>
#include <albert/train/metrics_sink.h>

namespace albert {
namespace {

/// The part of the file that belongs to the run up to the checkpoint.
std::string_view part_before(std::string_view content, size_t bytes, const std::filesystem::path& path) {
  if (bytes <= content.size() && (bytes == 0 || content[bytes - 1] == '\n')) return content.substr(0, bytes);
  spdlog::warn("{}: the checkpoint expects {} bytes of whole lines, found {}; lines of the run so far are missing",
               path.filename().string(), bytes, content.size());
  const size_t last = content.substr(0, bytes).rfind('\n');
  return last == std::string_view::npos ? std::string_view{} : content.substr(0, last + 1);
}

}  // namespace

MetricsSink::MetricsSink() = default;
MetricsSink::MetricsSink(std::filesystem::path output, TensorBoard tensorboard)
    : output_(std::move(output)), tensorboard_(tensorboard) {}
MetricsSink::~MetricsSink() = default;

void MetricsSink::begin(int64_t bytes, int64_t finished_steps) {
  if (output_.empty()) return;
  make_directories(output_);
  const std::filesystem::path path = output_ / "metrics.jsonl";
  log_.reset();
  const std::string content = std::filesystem::exists(path) ? read_file(path) : std::string{};
  const std::string_view kept = part_before(content, static_cast<size_t>(bytes), path);
  if (kept.size() != content.size()) write_file_atomically(path, kept);
  log_ = std::make_unique<AppendFile>(path);
  if (tensorboard_ == TensorBoard::on) events_ = std::make_unique<EventFile>(output_ / "tensorboard", finished_steps + 1);
}

void MetricsSink::write(const MetricsRecord& record) {
  if (output_.empty()) return;
  ALBERT_CHECK(log_ != nullptr, "metrics were written before begin()");
  const bool log_written = log_->append(to_json_line(record));
  const bool events_written = write_events(record);
  report(log_written && events_written);
}

bool MetricsSink::write_events(const MetricsRecord& record) {
  if (events_ == nullptr) return true;
  std::string prefix;
  int64_t step = 0;
  std::vector<std::pair<std::string, double>> scalars;
  for (const auto& [key, value] : record) {
    if (key == "split") {
      prefix = std::get<std::string>(value) + "/";
    } else if (key == "step") {
      step = std::get<int64_t>(value);
    } else if (const auto* number = std::get_if<double>(&value)) {
      scalars.emplace_back(prefix + key, *number);
    } else if (const auto* integer = std::get_if<int64_t>(&value)) {
      scalars.emplace_back(prefix + key, static_cast<double>(*integer));
    }
  }
  return events_->write_scalars(step, scalars);
}

void MetricsSink::sync() {
  if (log_ != nullptr) report(log_->sync());
}

int64_t MetricsSink::size_bytes() const { return log_ == nullptr ? 0 : static_cast<int64_t>(log_->size_bytes()); }

void MetricsSink::report(bool written) {
  if (written && warned_) {
    spdlog::info("the metrics are written again, {} lines were lost", log_->dropped_records());
  } else if (!written && !warned_) {
    const std::string& reason = log_->error().empty() && events_ != nullptr ? events_->error() : log_->error();
    spdlog::warn("cannot write the metrics: {}; training goes on, their lines wait in memory until there is space", reason);
  }
  warned_ = !written;
}

}  // namespace albert
