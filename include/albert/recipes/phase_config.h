// Section `phases` of albert-train: stretches of the run whose batches differ.
//
//   phases:
//     - {until: 90 %, max_length: 128, batch_size: 256}
//     - {max_length: 512, batch_size: 64}
#pragma once

#include <albert/base/duration.h>
#include <albert/config/fields.h>

#include <cstdint>
#include <optional>

namespace albert {

/// What is null is as in the sections `data`, `training` and `objective`.
struct PhaseConfig {
  std::optional<Duration> until{};
  std::optional<int64_t> max_length{};
  std::optional<int64_t> batch_size{};
  std::optional<int64_t> micro_batch{};
  std::optional<double> masking_probability{};
};

template <config::Self<PhaseConfig> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"until", "end of the phase, from the start of the run: steps or %; of all phases but the last, which lasts to the end", config::more_than(0)},
        c.until);
  visit(Field{"max_length", "pieces of a sequence, at most data.max_length; null: that", config::range(8, 65536)}, c.max_length);
  visit(Field{"batch_size", "sequences of a step; null: training.batch_size", config::at_least(1)}, c.batch_size);
  visit(Field{"micro_batch", "sequences of a forward pass; null: training.micro_batch", config::at_least(1)}, c.micro_batch);
  visit(Field{"masking_probability", "share of the pieces that are predicted; null: as in objective.masking",
              config::Range{.minimum = 0.0, .maximum = 1.0, .minimum_open = true}},
        c.masking_probability);
}

}  // namespace albert
