#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/train/training_state.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <random>

namespace albert {
namespace {

constexpr int64_t kFormatVersion = 1;

// JSON has no number for these; an accuracy over no target is NaN, and must come back.
nlohmann::json number_to_json(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double number_from_json(const nlohmann::json& json) {
  if (!json.is_string()) return json.get<double>();
  const auto text = json.get<std::string>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  throw std::invalid_argument(fmt::format("'{}' is no number", text));
}

nlohmann::json interval_to_json(const IntervalSums& interval) {
  nlohmann::json metrics = nlohmann::json::object();
  for (const auto& [name, sum] : interval.metrics) metrics[name] = number_to_json(sum);
  return {{"steps", interval.steps},
          {"tokens", interval.tokens},
          {"seconds", number_to_json(interval.seconds)},
          {"waiting_seconds", number_to_json(interval.waiting_seconds)},
          {"flops", number_to_json(interval.flops)},
          {"metrics", std::move(metrics)}};
}

IntervalSums interval_from_json(const nlohmann::json& json) {
  IntervalSums interval{.steps = json.at("steps").get<int64_t>(),
                        .tokens = json.at("tokens").get<int64_t>(),
                        .seconds = number_from_json(json.at("seconds")),
                        .waiting_seconds = number_from_json(json.value("waiting_seconds", nlohmann::json(0.0))),
                        .flops = number_from_json(json.at("flops")),
                        .metrics = {}};
  for (const auto& [name, sum] : json.at("metrics").items()) interval.metrics[name] = number_from_json(sum);
  return interval;
}

nlohmann::json passed_over_to_json(const std::vector<ExampleRange>& passed_over) {
  nlohmann::json json = nlohmann::json::array();
  for (const auto& range : passed_over) json.push_back({range.first, range.end});
  return json;
}

std::vector<ExampleRange> passed_over_from_json(const nlohmann::json& json) {
  std::vector<ExampleRange> passed_over;
  for (const auto& pair : json) {
    const ExampleRange range{.first = pair.at(0).get<int64_t>(), .end = pair.at(1).get<int64_t>()};
    const int64_t before = passed_over.empty() ? 0 : passed_over.back().end;
    if (range.first < before || range.end <= range.first) throw std::invalid_argument("ranges of examples that do not rise");
    passed_over.push_back(range);
  }
  return passed_over;
}

nlohmann::json divergence_to_json(const DivergenceState& divergence) {
  return {{"norms", divergence.norms},
          {"skips_in_a_row", divergence.skips_in_a_row},
          {"skipped_steps", divergence.skipped_steps},
          {"rewinds", divergence.rewinds}};
}

DivergenceState divergence_from_json(const nlohmann::json& json) {
  return {.norms = json.at("norms").get<std::vector<double>>(),
          .skips_in_a_row = json.at("skips_in_a_row").get<int64_t>(),
          .skipped_steps = json.at("skipped_steps").get<int64_t>(),
          .rewinds = json.at("rewinds").get<int64_t>()};
}

nlohmann::json loss_scale_to_json(const LossScaleState& scale) {
  return {{"factor", scale.factor}, {"steps_without_overflow", scale.steps_without_overflow}, {"overflows", scale.overflows}};
}

LossScaleState loss_scale_from_json(const nlohmann::json& json) {
  const LossScaleState scale{.factor = json.at("factor").get<double>(),
                             .steps_without_overflow = json.at("steps_without_overflow").get<int64_t>(),
                             .overflows = json.at("overflows").get<int64_t>()};
  if (!(scale.factor >= LossScale::kSmallest && scale.factor <= LossScale::kLargest)) throw std::invalid_argument("a loss scale out of bounds");
  return scale;
}

TrainingState state_from_json(const nlohmann::json& json) {
  if (const auto version = json.at("format_version").get<int64_t>(); version != kFormatVersion) {
    throw std::invalid_argument(fmt::format("format version {}, this build reads {}", version, kFormatVersion));
  }
  TrainingState state;
  state.run_id = json.at("run_id").get<std::string>();
  state.step = json.at("step").get<int64_t>();
  state.cursor.examples = json.at("examples").get<int64_t>();
  if (json.contains("passed_over")) state.cursor.passed_over = passed_over_from_json(json["passed_over"]);
  state.tokens = json.at("tokens").get<int64_t>();
  state.seconds = number_from_json(json.at("seconds"));
  state.seed = json.at("seed").get<int64_t>();
  state.intra_op_threads = json.at("intra_op_threads").get<int64_t>();
  state.ranks = json.at("ranks").get<int64_t>();
  state.metrics_bytes = json.at("metrics_bytes").get<int64_t>();
  state.evaluated_step = json.at("evaluated_step").get<int64_t>();
  for (const auto& result : json.at("best")) {
    state.best.push_back({.step = result.at("step").get<int64_t>(), .value = number_from_json(result.at("value"))});
  }
  state.evaluations_since_best = json.at("evaluations_since_best").get<int64_t>();
  state.interval = interval_from_json(json.at("interval"));
  if (json.contains("divergence")) state.divergence = divergence_from_json(json["divergence"]);
  if (json.contains("loss_scale")) state.loss_scale = loss_scale_from_json(json["loss_scale"]);
  if (state.step < 0 || state.cursor.examples < 0 || state.metrics_bytes < 0) throw std::invalid_argument("a negative count");
  return state;
}

}  // namespace

std::string to_json(const TrainingState& state) {
  nlohmann::json best = nlohmann::json::array();
  for (const auto& result : state.best) best.push_back({{"step", result.step}, {"value", number_to_json(result.value)}});
  const nlohmann::ordered_json json = {
      {"format_version", kFormatVersion},
      {"run_id", state.run_id},
      {"step", state.step},
      {"examples", state.cursor.examples},
      {"passed_over", passed_over_to_json(state.cursor.passed_over)},
      {"tokens", state.tokens},
      {"seconds", number_to_json(state.seconds)},
      {"seed", state.seed},
      {"intra_op_threads", state.intra_op_threads},
      {"ranks", state.ranks},
      {"metrics_bytes", state.metrics_bytes},
      {"evaluated_step", state.evaluated_step},
      {"best", std::move(best)},
      {"evaluations_since_best", state.evaluations_since_best},
      {"interval", interval_to_json(state.interval)},
      {"divergence", divergence_to_json(state.divergence)},
      {"loss_scale", loss_scale_to_json(state.loss_scale)},
  };
  return json.dump(2) + "\n";
}

TrainingState training_state_from_json(std::string_view text, std::string_view where) {
  try {
    return state_from_json(nlohmann::json::parse(text));
  } catch (const std::exception& error) {
    throw IoError(fmt::format("{}: wanted the state of a run, got: {}", where, error.what()));
  }
}

std::string make_run_id() {
  std::random_device entropy;
  return to_hex((uint64_t{entropy()} << 32U) | entropy());
}

}  // namespace albert
