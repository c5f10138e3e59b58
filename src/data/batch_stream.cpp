#include "ordered_workers.h"

#include <albert/base/error.h>
#include <albert/data/batch_stream.h>

#include <algorithm>
#include <chrono>
#include <optional>

namespace albert {
namespace {

using Place = PretrainingDataset::Place;

/// The same kind of error with the example's identity in front.
[[noreturn]] void rethrow_with(const Place& place) {
  const std::string where = fmt::format("example {} of epoch {}", place.index, place.epoch);
  try {
    throw;
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", where, error.what()));
  } catch (const Error& error) {
    throw Error(error.exit_code(), fmt::format("{}: {}", where, error.what()));
  } catch (const std::bad_alloc&) {
    throw;  // the machine's, not the example's
  } catch (const std::exception& error) {
    throw InternalError(fmt::format("{}: {}", where, error.what()));
  }
}

PretrainingExample draw(const PretrainingDataset& dataset, const Place& place) {
  try {
    return dataset.example(place.epoch, place.index);
  } catch (...) {
    rethrow_with(place);
  }
}

}  // namespace

struct PretrainingStream::Impl {
  Impl(const PretrainingDataset& d, const StreamOptions& o) : dataset(d), options(o), cursor(o.cursor), next_cursor(o.cursor) {
    ALBERT_CHECK(o.batch_size > 0 && o.micro_batch > 0 && o.num_threads > 0 && o.prefetch_steps > 0, "stream options must be positive");
    ALBERT_CHECK(o.rank >= 0 && o.rank < o.world_size, "rank {} of {}", o.rank, o.world_size);
    ALBERT_CHECK(o.cursor >= 0, "cursor {}", o.cursor);
    workers.emplace(o.num_threads);
  }

  PretrainingStep make_step(int64_t begin) const;
  void fill();

  const PretrainingDataset& dataset;
  StreamOptions options;
  int64_t cursor;       // of the caller
  int64_t next_cursor;  // of the workers
  double last_waiting = 0;
  double total_waiting = 0;
  std::optional<OrderedWorkers<PretrainingStep>> workers;
};

PretrainingStep PretrainingStream::Impl::make_step(int64_t begin) const {
  const int64_t slice_begin = begin + options.batch_size * options.rank / options.world_size;
  const int64_t slice_end = begin + options.batch_size * (options.rank + 1) / options.world_size;
  PretrainingStep step;
  Place place = dataset.place(slice_begin);
  std::vector<PretrainingExample> examples;
  for (int64_t i = slice_begin; i < slice_end; ++i) {
    if (place.index == dataset.examples_per_epoch(place.epoch)) place = {place.epoch + 1, 0};
    examples.push_back(draw(dataset, place));
    ++place.index;
    if (static_cast<int64_t>(examples.size()) == options.micro_batch || i + 1 == slice_end) {
      step.micro_batches.push_back(collate(examples));
      examples.clear();
    }
  }
  step.cursor = begin + options.batch_size;
  const Place end = dataset.place(step.cursor);
  step.epoch = static_cast<double>(end.epoch) + static_cast<double>(end.index) / static_cast<double>(dataset.examples_per_epoch(end.epoch));
  return step;
}

void PretrainingStream::Impl::fill() {
  while (static_cast<int64_t>(workers->num_pending()) < options.prefetch_steps) {
    workers->push([this, begin = next_cursor] { return make_step(begin); });
    next_cursor += options.batch_size;
  }
}

PretrainingStream::PretrainingStream(const PretrainingDataset& dataset, const StreamOptions& options)
    : impl_(std::make_unique<Impl>(dataset, options)) {
  impl_->fill();
}

PretrainingStream::~PretrainingStream() = default;

PretrainingStep PretrainingStream::next() {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  impl_->fill();
  PretrainingStep step = impl_->workers->pop();
  impl_->last_waiting = std::chrono::duration<double>(Clock::now() - start).count();
  impl_->total_waiting += impl_->last_waiting;
  impl_->cursor = step.cursor;
  impl_->fill();
  return step;
}

void PretrainingStream::seek(int64_t cursor) {
  ALBERT_CHECK(cursor >= 0, "cursor {}", cursor);
  impl_->workers.reset();  // what was drawn ahead is dropped
  impl_->workers.emplace(impl_->options.num_threads);
  impl_->cursor = impl_->next_cursor = cursor;
  impl_->fill();
}

int64_t PretrainingStream::cursor() const { return impl_->cursor; }
double PretrainingStream::last_waiting_seconds() const { return impl_->last_waiting; }
double PretrainingStream::total_waiting_seconds() const { return impl_->total_waiting; }

}  // namespace albert
