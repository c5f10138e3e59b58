#include "recipes/finetune_data.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/data/data_report.h>

#include <span>

namespace albert {
namespace {

template <typename T>
void add(Xxh3Stream& digest, const std::vector<T>& values) {
  const auto count = static_cast<int64_t>(values.size());
  digest.update(std::as_bytes(std::span<const int64_t>(&count, 1)));
  digest.update(std::as_bytes(std::span<const T>(values)));
}

}  // namespace

std::vector<EvaluatedSet> FinetuneSets::evaluated() const {
  std::vector<EvaluatedSet> sets;
  if (validation) sets.push_back({.name = "", .set = validation.get()});
  for (const auto& [name, set] : more) sets.push_back({.name = name, .set = set.get()});
  return sets;
}

FinetuneSets read_finetune_sets(const FinetuneConfig& config, const Task& task) {
  FinetuneSets sets;
  const auto& data = config.data;
  if (data.train && !data.validation && data.validation_fraction > 0) {
    auto both = task.read_and_split(*data.train, data.validation_fraction, static_cast<uint64_t>(data.validation_seed));
    sets.train = std::move(both.train);
    sets.validation = std::move(both.validation);
  } else if (data.train) {
    sets.train = task.read(*data.train, SetRole::train);
  }
  if (sets.train && sets.train->learnable().empty()) {
    throw DataError(fmt::format("{}: expected at least one example to learn from, got {} without a usable answer", data.train->path.string(),
                                sets.train->num_examples()));
  }
  if (data.validation) sets.validation = task.read(*data.validation, SetRole::evaluation);
  for (const auto& more : data.more_validation) sets.more.emplace_back(more.name, task.read(more.file, SetRole::evaluation));
  if (data.test) sets.test = task.read(*data.test, SetRole::evaluation);
  if (data.predict) sets.predict = task.read(*data.predict, SetRole::prediction);
  return sets;
}

std::vector<std::string> describe_sets(const FinetuneSets& sets, int64_t max_length) {
  std::vector<ReportPart> parts;
  std::vector<std::string> notes;
  const auto add_part = [&](const std::string& name, const TaskSet* set, ReportRole role = ReportRole::evaluation) {
    if (set == nullptr) return;
    auto part = set->report_part();
    part.name = name;
    part.role = role;
    parts.push_back(std::move(part));
    for (const auto& note : set->notes()) notes.push_back(fmt::format("{}: {}", name, note));
  };
  add_part("train", sets.train.get(), ReportRole::train);
  add_part("validation", sets.validation.get());
  for (const auto& [name, set] : sets.more) add_part(name, set.get());
  add_part("test", sets.test.get());
  add_part("predict", sets.predict.get(), ReportRole::prediction);
  auto lines = make_data_report(parts, max_length).lines();
  lines.insert(lines.end(), notes.begin(), notes.end());
  return lines;
}

std::string data_hash(const TaskSet& train) {
  Xxh3Stream digest;
  for (const auto& instance : train.instances()) {
    for (const auto& sequence : instance.sequences) {
      add(digest, sequence.ids);
      add(digest, std::vector<int64_t>{sequence.second_segment});
    }
    add(digest, instance.labels);
    add(digest, instance.values);
  }
  return to_hex(digest.digest());
}

}  // namespace albert
