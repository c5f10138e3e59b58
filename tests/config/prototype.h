// A config struct with every type of field, shaped like the real ones.
#pragma once

#include <albert/base/duration.h>
#include <albert/config/fields.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace albert::prototype {

enum class Algorithm { lamb, adamw };
constexpr auto enum_names(config::EnumTag<Algorithm>) {
  return config::names<Algorithm>({{Algorithm::lamb, "lamb"}, {Algorithm::adamw, "adamw"}});
}
enum class TextFormat { sentences, paragraphs, wrapped, jsonl };
constexpr auto enum_names(config::EnumTag<TextFormat>) {
  return config::names<TextFormat>({{TextFormat::sentences, "sentences"},
                                    {TextFormat::paragraphs, "paragraphs"},
                                    {TextFormat::wrapped, "wrapped"},
                                    {TextFormat::jsonl, "jsonl"}});
}

struct Decay {
  double rate = 1.0;
  bool operator==(const Decay&) const = default;
};
template <config::Self<Decay> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"rate", "factor per layer", config::above_to(0, 1)}, c.rate);
}

struct Model {
  int64_t hidden_size = 768;
  int64_t num_attention_heads = 12;
  double dropout = 0.0;
  std::optional<std::filesystem::path> init_from;
  bool operator==(const Model&) const = default;
  void validate(config::Issues& issues) const {
    if (hidden_size % num_attention_heads != 0) {
      issues.add("num_attention_heads", fmt::format("must divide hidden_size ({}), got {}", hidden_size, num_attention_heads));
    }
  }
};
template <config::Self<Model> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"hidden_size", "width of the hidden states", config::at_least(1)}, c.hidden_size);
  visit(config::Field{"num_attention_heads", "heads; must divide hidden_size", config::at_least(1)}, c.num_attention_heads);
  visit(config::Field{"dropout", "probability", config::from_to_below(0, 1)}, c.dropout);
  visit(config::Field{"init_from", "folder of a model to start from"}, c.init_from);
}

struct TextSource {
  std::filesystem::path path;
  TextFormat format = TextFormat::sentences;
  double weight = 1.0;
  bool operator==(const TextSource&) const = default;
  void validate(config::Issues& issues) const {
    if (format == TextFormat::jsonl && path.extension() == ".txt") issues.add("format", "must not be jsonl for a .txt file");
  }
};
template <config::Self<TextSource> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"path", "file or pattern", {}, config::Presence::required}, c.path);
  visit(config::Field{"format", "how documents are told apart"}, c.format);
  visit(config::Field{"weight", "share of the examples", config::more_than(0)}, c.weight);
}

struct Data {
  std::vector<TextSource> sources;
  int64_t max_length = 128;
  ByteSize sample_bytes{200ULL << 20U};
  std::vector<std::string> languages{"en"};
  bool operator==(const Data&) const = default;
};
template <config::Self<Data> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"sources", "text files"}, c.sources);
  visit(config::Field{"max_length", "tokens of a sequence", config::range(8, 512)}, c.max_length);
  visit(config::Field{"sample_bytes", "text that the vocabulary is trained on", config::at_least(1024)}, c.sample_bytes);
  visit(config::Field{"languages", "of the text"}, c.languages);
}

struct OptimizerOptions {
  Algorithm name = Algorithm::lamb;
  double learning_rate = 1.76e-3;
  double weight_decay = 0.01;
  Decay layer_decay;
  bool operator==(const OptimizerOptions&) const = default;
};
template <config::Self<OptimizerOptions> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"name", "algorithm"}, c.name);
  visit(config::Field{"learning_rate", "peak of the schedule", config::more_than(0)}, c.learning_rate);
  visit(config::Field{"weight_decay", "decoupled decay", config::range(0, 1)}, c.weight_decay);
  visit(config::Field{"layer_decay", "layer-wise decay of the learning rate"}, c.layer_decay);
}

struct EarlyStopping {
  int64_t patience = 5;
  bool operator==(const EarlyStopping&) const = default;
};
template <config::Self<EarlyStopping> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"patience", "evaluations without a better one", config::at_least(1)}, c.patience);
}

struct Training {
  Duration duration{10000, DurationUnit::steps};
  Duration warmup{500, DurationUnit::steps};
  int64_t batch_size = 256;
  config::Auto<int64_t> micro_batch;
  config::Auto<std::string> device;
  bool shuffle = true;
  int64_t seed = 1;
  std::optional<EarlyStopping> early_stopping;
  bool operator==(const Training&) const = default;
  void validate(config::Issues& issues) const {
    if (micro_batch.or_else(1) > batch_size) {
      issues.add("micro_batch", fmt::format("must be at most batch_size ({}), got {}", batch_size, *micro_batch.value));
    }
  }
};
template <config::Self<Training> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"duration", "length of the run", config::more_than(0)}, c.duration);
  visit(config::Field{"warmup", "rise of the learning rate"}, c.warmup);
  visit(config::Field{"batch_size", "sequences of a step", config::at_least(1)}, c.batch_size);
  visit(config::Field{"micro_batch", "sequences of a forward pass", config::at_least(1)}, c.micro_batch);
  visit(config::Field{"device", "cpu | cuda | cuda:N"}, c.device);
  visit(config::Field{"shuffle", "draw examples in a random order"}, c.shuffle);
  visit(config::Field{"seed", "of all randomness", config::at_least(0)}, c.seed);
  visit(config::Field{"early_stopping", "stop when the metric no longer improves"}, c.early_stopping);
}

struct Prototype {
  std::filesystem::path output{};
  std::string note{};
  Model model{};
  Data data{};
  OptimizerOptions optimizer{};
  Training training{};
  bool operator==(const Prototype&) const = default;
  void validate(config::Issues& issues) const {
    if (data.max_length > 256 && model.hidden_size < 64) {
      issues.add("data.max_length", fmt::format("must be at most 256 for model.hidden_size below 64, got {}", data.max_length));
    }
    if (training.seed == 13) issues.add("", "must not be unlucky");
  }
};
template <config::Self<Prototype> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  visit(config::Field{"output", "folder of the run", {}, config::Presence::required}, c.output);
  visit(config::Field{"note", "a remark for the report"}, c.note);
  visit(config::Field{"model", "Shape of the encoder."}, c.model);
  visit(config::Field{"data", "Text."}, c.data);
  visit(config::Field{"optimizer", "Optimizer and its options."}, c.optimizer);
  visit(config::Field{"training", "The run."}, c.training);
}

}  // namespace albert::prototype
