#include "recipes/inspect_facts.h"

#include <albert/base/error.h>
#include <albert/io/checkpoint_directory.h>
#include <albert/io/json_text.h>
#include <albert/train/training_state.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace albert::inspection {
namespace {

namespace fs = std::filesystem;

/// Longest line of metrics.jsonl, and largest training_state.json.
constexpr size_t kLineLimitBytes = size_t{1} << 20U;
constexpr uint64_t kStateLimitBytes = uint64_t{4} << 20U;

/// What one checkpoint says.
struct CheckpointFacts {
  io::CheckpointIdentity identity;
  uint64_t size_bytes = 0;
  TrainingState state;
};

CheckpointFacts read_checkpoint(const fs::path& path, InspectDepth depth) {
  const auto summary = io::read_checkpoint_summary(path);
  if (depth == InspectDepth::checksums) (void)io::load_checkpoint(path);
  CheckpointFacts facts{.identity = summary.identity, .size_bytes = 0, .state = {}};
  for (const auto& [name, size] : summary.file_bytes) facts.size_bytes += size;
  const auto state = path / "training_state.json";
  facts.state = training_state_from_json(read_file(state, kStateLimitBytes), state.string());
  return facts;
}

const char* trust(InspectDepth depth) { return depth == InspectDepth::checksums ? "verified" : "complete"; }

Facts state_facts(const TrainingState& state) {
  Facts facts{{"step", state.step},       {"examples", state.cursor.examples}, {"tokens", state.tokens},
              {"seconds", state.seconds}, {"seed", state.seed},                {"ranks", state.ranks}};
  facts["best_step"] = state.best.empty() ? Facts() : Facts(state.best.front().step);
  return facts;
}

/// The lines of metrics.jsonl that are told.
struct Metrics {
  Facts last_training;
  Facts last_validation;
  Facts best_validation;  ///< of `best_step`
};

/// Reads line by line. A last line without its end (of a run that was killed, or is running) is left out.
Metrics read_metrics(const fs::path& path, std::optional<int64_t> best_step) {
  Metrics metrics;
  if (!fs::is_regular_file(path)) return metrics;
  const MappedFile file(path);
  std::string_view text = file.text();
  int64_t number = 0;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    const auto where = fmt::format("{}:{}", path.string(), ++number);
    Facts line = io::parse_json(text.substr(0, end), where, {.size_bytes = kLineLimitBytes});
    text.remove_prefix(end + 1);
    const bool is_line = line.is_object() && line.contains("split") && line["split"].is_string() && line.contains("step") &&
                         line["step"].is_number_integer();
    if (!is_line) throw IoError(fmt::format("{}: wanted a line of metrics with split and step, got something else", where));
    const auto split = line["split"].get<std::string>();
    line.erase("split");
    if (split == "train") metrics.last_training = std::move(line);
    if (split != "validation") continue;
    if (best_step == line["step"].get<int64_t>()) metrics.best_validation = line;
    metrics.last_validation = std::move(line);
  }
  return metrics;
}

/// Length of the run: exact in steps; in epochs by the pace so far; null before the first line, and in tokens.
Facts planned_steps(const Duration& duration, const Facts& last_training) {
  if (duration.unit == DurationUnit::steps) return to_steps(duration, {});
  const bool has_pace = last_training.is_object() && last_training.contains("epoch") && last_training["epoch"].is_number();
  const double epoch = has_pace ? last_training["epoch"].get<double>() : 0.0;
  if (duration.unit != DurationUnit::epochs || !(epoch > 0)) return {};
  return to_steps(duration, {.steps_per_epoch = last_training["step"].get<double>() / epoch});
}

Facts list_of_checkpoints(const fs::path& folder, InspectDepth depth, std::optional<CheckpointFacts>& newest) {
  std::error_code none;
  const auto latest = fs::read_symlink(folder / "latest", none);
  const auto best = fs::read_symlink(folder / "best", none);
  Facts list = Facts::array();
  for (const auto& [step, path] : io::list_checkpoints(folder)) {
    Facts entry{{"step", step}};
    if (path.filename() == latest) entry["latest"] = true;
    if (path.filename() == best) entry["best"] = true;
    try {
      newest = read_checkpoint(path, depth);
      entry["size_bytes"] = newest->size_bytes;
      entry["state"] = trust(depth);
    } catch (const IoError& error) {  // the others are still worth telling; a resume skips it, too
      if (!fs::exists(path)) continue;  // deleted meanwhile by the run
      entry["state"] = "damaged";
      entry["problem"] = error.what();
    }
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

Facts training_facts(const fs::path& folder, const TrainingConfig& config, InspectDepth depth) {
  std::optional<CheckpointFacts> newest;
  auto checkpoints = list_of_checkpoints(folder / "checkpoints", depth, newest);
  std::optional<int64_t> best_step;
  if (newest && !newest->state.best.empty()) best_step = newest->state.best.front().step;
  const auto metrics = read_metrics(folder / "metrics.jsonl", best_step);
  const auto of_newest = [&](auto&& value) { return newest ? Facts(value(*newest)) : Facts(); };
  const auto last_step = metrics.last_training.is_object() ? metrics.last_training["step"].get<int64_t>() : 0;
  return {{"run_id", of_newest([](const auto& c) { return c.identity.run_id; })},
          {"step", std::max(last_step, newest ? newest->state.step : 0)},
          {"total_steps", planned_steps(config.duration, metrics.last_training)},
          {"resumable_from", of_newest([](const auto& c) { return c.state.step; })},
          {"tokens", of_newest([](const auto& c) { return c.state.tokens; })},
          {"seconds", of_newest([](const auto& c) { return c.state.seconds; })},
          {"hashes", of_newest([](const auto& c) { return c.identity.hashes; })},
          {"last_training", metrics.last_training},
          {"last_validation", metrics.last_validation},
          {"best_validation", metrics.best_validation},
          {"checkpoints", std::move(checkpoints)}};
}

Facts checkpoint_facts(const fs::path& folder, InspectDepth depth) {
  const auto checkpoint = read_checkpoint(folder, depth);
  auto facts = model_facts(folder);
  facts["checkpoint"] = {{"run_id", checkpoint.identity.run_id},
                         {"step", checkpoint.identity.step},
                         {"size_bytes", checkpoint.size_bytes},
                         {"state", trust(depth)},
                         {"hashes", checkpoint.identity.hashes}};
  facts["training"] = state_facts(checkpoint.state);
  const auto written_with = checkpoint.identity.hashes.find("tokenizer");
  auto& tokenizer = facts["tokenizer"];
  if (tokenizer.is_object() && written_with != checkpoint.identity.hashes.end()) {
    tokenizer["belongs_to_model"] = tokenizer["belongs_to_model"] != false && tokenizer["hash"] == written_with->second;
  }
  return facts;
}

}  // namespace albert::inspection
