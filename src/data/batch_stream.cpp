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
  const std::string where = describe(place);
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

PretrainingExample draw(const PretrainingDataset& dataset, const Place& place, const std::optional<double>& masking_probability) {
  try {
    return dataset.example(place.epoch, place.index, masking_probability);
  } catch (...) {
    rethrow_with(place);
  }
}

/// Goes through the examples of a dataset from one number on, without those that are passed over.
class ExampleWalk {
 public:
  ExampleWalk(const PretrainingDataset& dataset, const std::vector<ExampleRange>& passed_over, int64_t number)
      : dataset_(dataset), passed_over_(passed_over), number_(skip_passed_over(number, passed_over)), place_(dataset.place(number_)) {}

  [[nodiscard]] const Place& place() const { return place_; }
  void next() {
    const int64_t before = number_;
    number_ = skip_passed_over(number_ + 1, passed_over_);
    if (number_ > before + 1) {
      place_ = dataset_.place(number_);
    } else if (++place_.index == dataset_.examples_per_epoch(place_.epoch)) {
      place_ = {place_.epoch + 1, 0};
    }
  }

 private:
  const PretrainingDataset& dataset_;
  const std::vector<ExampleRange>& passed_over_;
  int64_t number_;
  Place place_;
};

}  // namespace

std::string describe(const ExamplePlace& place) { return fmt::format("example {} of epoch {}", place.index, place.epoch); }

struct PretrainingStream::Impl {
  Impl(DataPlan p, const StreamOptions& o) : plan(std::move(p)), options(o), cursor(o.cursor), next_cursor(o.cursor) {
    ALBERT_CHECK(o.num_threads > 0 && o.prefetch_steps > 0, "stream options must be positive");
    ALBERT_CHECK(o.rank >= 0 && o.rank < o.world_size, "rank {} of {}", o.rank, o.world_size);
    ALBERT_CHECK(o.cursor >= 0, "cursor {}", o.cursor);
    workers.emplace(o.num_threads);
  }

  PretrainingStep make_step(int64_t begin, int64_t number_of_step) const;
  void fill();

  DataPlan plan;
  StreamOptions options;
  std::vector<ExampleRange> passed_over;
  int64_t cursor;         // of the caller
  int64_t next_cursor;    // of the workers
  int64_t next_step = 0;  // of the workers
  double last_waiting = 0;
  double total_waiting = 0;
  std::optional<OrderedWorkers<PretrainingStep>> workers;
};

PretrainingStep PretrainingStream::Impl::make_step(int64_t begin, int64_t number_of_step) const {
  const DataPhase& phase = plan.phase(number_of_step);
  const auto masking = plan.masking_probability(number_of_step);
  const int64_t slice_begin = phase.batch_size * options.rank / options.world_size;
  const int64_t slice_end = phase.batch_size * (options.rank + 1) / options.world_size;
  PretrainingStep step;
  ExampleWalk walk(*phase.dataset, passed_over, advance(begin, slice_begin, passed_over));
  std::vector<PretrainingExample> examples;
  for (int64_t i = slice_begin; i < slice_end; ++i, walk.next()) {
    examples.push_back(draw(*phase.dataset, walk.place(), masking));
    step.places.push_back(walk.place());
    if (static_cast<int64_t>(examples.size()) == phase.micro_batch || i + 1 == slice_end) {
      step.micro_batches.push_back(collate(examples));
      examples.clear();
    }
  }
  step.cursor = advance(begin, phase.batch_size, passed_over);
  const Place end = phase.dataset->place(step.cursor);
  step.epoch = static_cast<double>(end.epoch) + static_cast<double>(end.index) / static_cast<double>(phase.dataset->examples_per_epoch(end.epoch));
  return step;
}

void PretrainingStream::Impl::fill() {
  while (static_cast<int64_t>(workers->num_pending()) < options.prefetch_steps) {
    workers->push([this, begin = next_cursor, step = next_step] { return make_step(begin, step); });
    next_cursor = advance(next_cursor, plan.phase(next_step).batch_size, passed_over);
    ++next_step;
  }
}

PretrainingStream::PretrainingStream(DataPlan plan, const StreamOptions& options)
    : impl_(std::make_unique<Impl>(std::move(plan), options)) {
  impl_->fill();
}

PretrainingStream::PretrainingStream(const PretrainingDataset& dataset, const StreamOptions& options)
    : PretrainingStream(DataPlan({{.dataset = &dataset, .batch_size = options.batch_size, .micro_batch = options.micro_batch}}), options) {}

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

void PretrainingStream::seek(int64_t cursor, int64_t step, std::vector<ExampleRange> passed_over) {
  ALBERT_CHECK(cursor >= 0 && step >= 0, "cursor {} of step {}", cursor, step);
  impl_->workers.reset();  // what was drawn ahead is dropped
  impl_->workers.emplace(impl_->options.num_threads);
  impl_->passed_over = std::move(passed_over);
  impl_->cursor = impl_->next_cursor = cursor;
  impl_->next_step = step;
  impl_->fill();
}

int64_t PretrainingStream::cursor() const { return impl_->cursor; }
double PretrainingStream::last_waiting_seconds() const { return impl_->last_waiting; }
double PretrainingStream::total_waiting_seconds() const { return impl_->total_waiting; }

}  // namespace albert
