// Token classification: entities and parts of speech, one label for each word.
#include "tasks/collapse.h"
#include "tasks/json_record.h"
#include "tasks/reader_stream.h"
#include "tasks/task_kinds.h"

#include <albert/base/error.h>
#include <albert/data/conll.h>
#include <albert/data/held_out.h>
#include <albert/data/labelled_rows.h>
#include <albert/eval/entities.h>
#include <albert/tasks/token_labels.h>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <ostream>
#include <set>
#include <utility>

namespace albert {
namespace {

/// A sentence beside its windows.
struct TokenExample {
  std::string id;  ///< number of the sentence in its file, from 0
  std::vector<std::string> words;
  std::vector<int64_t> gold;  ///< a label for each word; empty without gold
  WordPieces pieces;
  std::vector<TokenWindow> windows;
  size_t first_instance = 0;
};

class TokenTask;

class TokenSet : public TaskSet {
 public:
  TokenSet(const TokenTask& task, std::vector<TokenExample> examples, const SkippedRows& skipped);
  [[nodiscard]] int64_t num_examples() const override { return static_cast<int64_t>(examples_.size()); }
  [[nodiscard]] std::unique_ptr<TaskAnswers> decode(std::vector<InstanceScores> scores) const override;
  [[nodiscard]] ReportPart report_part() const override;
  [[nodiscard]] std::vector<std::string> notes() const override;
  [[nodiscard]] const std::vector<TokenExample>& examples() const { return examples_; }
  [[nodiscard]] const TokenTask& task() const { return task_; }

 private:
  const TokenTask& task_;
  std::vector<TokenExample> examples_;
  SkippedRows skipped_;
};

uint64_t words_hash(const std::vector<std::string>& words) { return text_hash(fmt::format("{}", fmt::join(words, " "))); }

/// Tags as the network learns them: IOB1 as BIO, which says of each word alone what it is. DataErrors begin with "word N".
std::vector<std::string> learned_tags(const std::vector<std::string>& tags, const TokenTaskConfig& config) {
  if (!config.scheme) return tags;
  const auto to = *config.scheme == TagScheme::iob1 ? TagScheme::bio : *config.scheme;
  return convert_tags(tags, *config.scheme, to, config.invalid_tags);
}

/// Calls use(sentence) for each; one that it refuses by a DataError, which gets the sentence's place in front, follows `invalid_rows`.
template <typename Use>
void check_sentences(const DataFileConfig& file, TaggedSentences& read, Use use) {
  const auto path = file.resolved_format() == FileFormat::snips ? file.path / "seq.out" : file.path;
  RowPolicy policy(file.invalid_rows);
  std::vector<TaggedSentence> good;
  for (auto& sentence : read.sentences) {
    try {
      use(sentence);
      good.push_back(std::move(sentence));
    } catch (const DataError& error) {
      policy.refuse(fmt::format("{}:{}: {}", path.string(), sentence.line, error.what()));
    }
  }
  read.sentences = std::move(good);
  read.skipped.add(policy.skipped());
  if (read.sentences.empty()) {
    throw DataError(fmt::format("{}: expected at least one good sentence, got {} that were left out; the first: {}", file.path.string(),
                                read.skipped.count, read.skipped.first.front()));
  }
}

/// "B-PER", "I-PER", ... A bare letter is an entity without a type.
bool is_entity_tag(const std::string& label) {
  return std::string_view("BIESLU").find(label.empty() ? '\0' : label[0]) != std::string_view::npos && (label.size() == 1 || label[1] == '-');
}

bool are_entity_tags(const std::vector<std::string>& labels) {
  bool has_outside = false;
  bool has_type = false;  // bare letters alone may as well be parts of speech
  for (const auto& label : labels) {
    if (label != "O" && !is_entity_tag(label)) return false;
    has_outside = has_outside || label == "O";
    has_type = has_type || label.size() > 2;
  }
  return has_outside && has_type;
}

class TokenTask : public Task {
 public:
  TokenTask(TaskOptions options, const Tokenizer& tokenizer) : options_(std::move(options)), tokenizer_(tokenizer), labels_(options_.labels) {
    windows_ = options_.config.tokens.windows;
    windows_.max_length = options_.max_length;
    windows_.check();
    has_entities_ = options_.config.tokens.scheme.has_value() || are_entity_tags(labels_.names());
    check_labels();
    description_ = {.objective = TaskObjective::token_labels, .labels = labels_.names(), .metric = has_entities_ ? "f1" : "accuracy"};
    outside_ = labels_.find("O").value_or(0);
  }

  [[nodiscard]] const TaskDescription& description() const override { return description_; }
  [[nodiscard]] std::unique_ptr<TaskSet> read(const DataFileConfig& file, SetRole role) const override {
    const auto read = read_sentences(file, role);
    return make_set(read.sentences, read.skipped);
  }
  [[nodiscard]] std::unique_ptr<TaskStream> open(const DataFileConfig& file) const override {
    const auto make = [this](const std::vector<TaggedSentence>& sentences) { return make_set(sentences, {}); };
    const auto resolved = options_.file_of(file);
    return make_stream<TaggedSentence>(std::make_unique<TaggedSentenceReader>(resolved, options_.columns_of(resolved), TagUse::ignore), make);
  }
  [[nodiscard]] TwoSets read_and_split(const DataFileConfig& file, double fraction, uint64_t seed) const override;

  [[nodiscard]] const TaskOptions& options() const { return options_; }
  [[nodiscard]] const LabelVocabulary& labels() const { return labels_; }
  [[nodiscard]] bool has_entities() const { return has_entities_; }
  [[nodiscard]] int64_t outside() const { return outside_; }

 private:
  void check_labels() const;
  /// Tags as they are learned, each of them a label; none for prediction.
  [[nodiscard]] TaggedSentences read_sentences(const DataFileConfig& file, SetRole role) const;
  [[nodiscard]] std::unique_ptr<TaskSet> make_set(const std::vector<TaggedSentence>& sentences, const SkippedRows& skipped) const;

  TaskOptions options_;
  const Tokenizer& tokenizer_;
  LabelVocabulary labels_;
  TokenWindowOptions windows_{};
  TaskDescription description_{};
  bool has_entities_ = false;
  int64_t outside_ = 0;
};

void TokenTask::check_labels() const {
  if (!options_.config.tokens.scheme) return;
  for (const auto& label : labels_.names()) {
    if (label == "O" || is_entity_tag(label)) continue;
    throw ConfigError(fmt::format("task.labels: must be O and tags such as B-PER for task.tokens.scheme {}, got '{}'",
                                  config::enum_name(*options_.config.tokens.scheme), label));
  }
}

TaggedSentences TokenTask::read_sentences(const DataFileConfig& file, SetRole role) const {
  const auto resolved = options_.file_of(file);
  auto read = read_tagged_sentences(resolved, options_.columns_of(resolved), role == SetRole::prediction ? TagUse::ignore : TagUse::read);
  require_every_row(read.skipped, role, resolved.path);
  if (role == SetRole::prediction) return read;
  check_sentences(resolved, read, [&](TaggedSentence& sentence) {
    sentence.tags = learned_tags(sentence.tags, options_.config.tokens);
    for (size_t word = 0; word < sentence.tags.size(); ++word) {
      if (labels_.find(sentence.tags[word])) continue;
      throw DataError(fmt::format("word {}: tag must be one of {}, got '{}'; add it to task.labels, or give training data that has it", word + 1,
                                  labels_.list(), sentence.tags[word]));
    }
  });
  return read;
}

std::unique_ptr<TaskSet> TokenTask::make_set(const std::vector<TaggedSentence>& sentences, const SkippedRows& skipped) const {
  std::vector<TokenExample> examples;
  examples.reserve(sentences.size());
  for (size_t i = 0; i < sentences.size(); ++i) {
    TokenExample example;
    example.id = std::to_string(sentences[i].index);
    example.words = sentences[i].words;
    for (const auto& tag : sentences[i].tags) example.gold.push_back(labels_.find(tag).value());
    example.pieces = encode_words(tokenizer_, example.words);
    example.windows = make_token_windows(example.pieces, example.gold, tokenizer_.special_tokens(), windows_, static_cast<int64_t>(i));
    examples.push_back(std::move(example));
  }
  return std::make_unique<TokenSet>(*this, std::move(examples), skipped);
}

Task::TwoSets TokenTask::read_and_split(const DataFileConfig& file, double fraction, uint64_t seed) const {
  const auto read = read_sentences(file, SetRole::train);
  std::vector<HeldOutExample> examples;
  for (const auto& sentence : read.sentences) {
    std::set<int64_t> tags;
    for (const auto& tag : sentence.tags) tags.insert(labels_.find(tag).value());
    examples.push_back({.text = words_hash(sentence.words), .classes = {tags.begin(), tags.end()}});
  }
  const auto split = hold_out_by_class(examples, fraction, seed);
  const auto part = [&](const std::vector<size_t>& indices, const SkippedRows& skipped) {
    std::vector<TaggedSentence> chosen;
    for (const size_t index : indices) chosen.push_back(read.sentences[index]);
    return make_set(chosen, skipped);
  };
  return {part(split.train, read.skipped), part(split.held_out, {})};
}

TokenSet::TokenSet(const TokenTask& task, std::vector<TokenExample> examples, const SkippedRows& skipped)
    : task_(task), examples_(std::move(examples)), skipped_(skipped) {
  for (size_t i = 0; i < examples_.size(); ++i) {
    auto& example = examples_[i];
    example.first_instance = instances_.size();
    for (const auto& window : example.windows) {
      TaskInstance instance;
      instance.sequences.push_back({.ids = window.ids, .second_segment = static_cast<int64_t>(window.ids.size())});
      if (!example.gold.empty()) instance.labels = window.targets;
      instance.example = static_cast<int64_t>(i);
      instances_.push_back(std::move(instance));
    }
  }
}

ReportPart TokenSet::report_part() const {
  ReportPart part;
  part.num_skipped = skipped_.count;
  part.long_inputs = LongInputs::windowed;
  auto& table = part.classes;
  for (const auto& example : examples_) {
    part.text_hashes.push_back(words_hash(example.words));
    if (example.gold.empty()) continue;
    part.gold_hashes.push_back(gold_hash(example.gold));
    table.names = task_.labels().names();
    table.counts.resize(table.names.size());
    for (const int64_t label : example.gold) ++table.counts[static_cast<size_t>(label)];
    table.total += static_cast<int64_t>(example.gold.size());
  }
  table.what = fmt::format("tags of {} words", table.total);
  for (const auto& example : examples_) {
    part.lengths.push_back(static_cast<int64_t>(example.pieces.ids.size()) + 2);
    part.num_blank += example.pieces.ids.empty() ? 1 : 0;
  }
  return part;
}

std::vector<std::string> TokenSet::notes() const {
  auto notes = skipped_.first;
  int64_t empty_words = 0;
  for (const auto& example : examples_) empty_words += example.pieces.num_empty_words;
  if (empty_words > 0) notes.push_back(fmt::format("{} words give no piece (control characters, for example) and are predicted as {}", empty_words,
                                                   task_.labels().names()[static_cast<size_t>(task_.outside())]));
  return notes;
}

class TokenAnswers : public TaskAnswers {
 public:
  TokenAnswers(const TokenSet& set, const std::vector<InstanceScores>& scores);
  [[nodiscard]] int64_t num_examples() const override { return set_.num_examples(); }
  [[nodiscard]] MetricMap measure(std::span<const int64_t> examples) const override;
  [[nodiscard]] std::string collapse() const override;
  void write(PredictionFormat format, std::ostream& out) const override;
  [[nodiscard]] std::string table() const override;

 private:
  [[nodiscard]] const std::string& name(int64_t label) const { return set_.task().labels().names()[static_cast<size_t>(label)]; }
  [[nodiscard]] std::vector<std::string> names(const std::vector<int64_t>& labels) const {
    std::vector<std::string> result;
    for (const int64_t label : labels) result.push_back(name(label));
    return result;
  }
  [[nodiscard]] EntityCounts count(std::span<const int64_t> examples) const;

  const TokenSet& set_;
  std::vector<std::vector<int64_t>> predicted_;       ///< by sentence, a label for each word
  std::vector<std::vector<double>> probabilities_{};  ///< of these labels; NaN for a word without pieces
};

/// Of the label that is predicted for each word.
std::vector<double> word_probabilities(const TokenExample& example, const std::vector<InstanceScores>& scores, size_t num_labels) {
  std::vector<double> probabilities(example.words.size(), std::numeric_limits<double>::quiet_NaN());
  for (size_t w = 0; w < example.windows.size(); ++w) {
    const std::span<const float> values(scores[example.first_instance + w]);
    for (const auto& word : example.windows[w].words) {
      const auto at_word = softmax(values.subspan(static_cast<size_t>(word.position) * num_labels, num_labels));
      probabilities[static_cast<size_t>(word.word)] = *std::max_element(at_word.begin(), at_word.end());
    }
  }
  return probabilities;
}

TokenAnswers::TokenAnswers(const TokenSet& set, const std::vector<InstanceScores>& scores) : set_(set) {
  const auto num_labels = static_cast<size_t>(set.task().labels().size());
  for (const auto& example : set.examples()) {
    std::vector<std::vector<int64_t>> by_window;
    for (size_t w = 0; w < example.windows.size(); ++w) {
      const auto& values = scores[example.first_instance + w];
      auto& labels = by_window.emplace_back();
      for (size_t first = 0; first < values.size(); first += num_labels) {
        const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first);
        labels.push_back(std::max_element(begin, begin + static_cast<std::ptrdiff_t>(num_labels)) - begin);
      }
    }
    predicted_.push_back(labels_of_words(example.pieces, example.windows, by_window, set.task().outside()));
    probabilities_.push_back(word_probabilities(example, scores, num_labels));
  }
}

EntityCounts TokenAnswers::count(std::span<const int64_t> examples) const {
  EntityCounts counts;
  for (const int64_t i : examples) {
    const auto& gold = set_.examples()[static_cast<size_t>(i)].gold;
    ALBERT_CHECK(!gold.empty(), "a measurement without gold");
    counts.add(names(predicted_[static_cast<size_t>(i)]), names(gold));
  }
  return counts;
}

MetricMap TokenAnswers::measure(std::span<const int64_t> examples) const {
  if (!set_.task().has_entities()) {
    AccuracyCounts counts;
    for (const int64_t i : examples) {
      const auto& gold = set_.examples()[static_cast<size_t>(i)].gold;
      ALBERT_CHECK(!gold.empty(), "a measurement without gold");
      for (size_t w = 0; w < gold.size(); ++w) counts.add(predicted_[static_cast<size_t>(i)][w], gold[w]);
    }
    return {{"accuracy", counts.accuracy()}};
  }
  const auto counts = count(examples);
  const auto micro = counts.micro();
  return {{"f1", micro.f1}, {"precision", micro.precision}, {"recall", micro.recall}, {"macro_f1", counts.macro().f1}, {"accuracy", counts.tokens().accuracy()}};
}

std::string TokenAnswers::collapse() const {
  CollapseCheck check;
  std::optional<int64_t> first;
  for (size_t i = 0; i < predicted_.size(); ++i) {
    const auto& gold = set_.examples()[i].gold;
    ALBERT_CHECK(gold.size() == predicted_[i].size(), "a measurement without gold");
    for (size_t w = 0; w < gold.size(); ++w) {
      if (std::isnan(probabilities_[i][w])) continue;  // a word without pieces: the network has said nothing
      if (!first) first = predicted_[i][w];
      check.add(predicted_[i][w] == *first, predicted_[i][w] == gold[w]);
    }
  }
  return check.has_collapsed() ? fmt::format("the tag '{}' for every word", name(*first)) : std::string();
}

void TokenAnswers::write(PredictionFormat format, std::ostream& out) const {
  if (format == PredictionFormat::null_odds) return;
  for (size_t i = 0; i < predicted_.size(); ++i) {
    const auto& example = set_.examples()[i];
    write_json_line({{"id", example.id}, {"words", example.words}, {"tags", names(predicted_[i])}, {"probabilities", probabilities_[i]}}, out);
  }
}

std::string TokenAnswers::table() const {
  if (!set_.task().has_entities()) return {};
  std::vector<int64_t> all(predicted_.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  std::string text = fmt::format("{:<20}{:>10}{:>10}{:>10}{:>10}\n", "entity", "precision", "recall", "f1", "expected");
  for (const auto& [type, scores] : count(all).by_type()) {
    text += fmt::format("{:<20}{:>10.4f}{:>10.4f}{:>10.4f}{:>10}\n", type, scores.precision, scores.recall, scores.f1, scores.expected);
  }
  return text;
}

std::unique_ptr<TaskAnswers> TokenSet::decode(std::vector<InstanceScores> scores) const {
  ALBERT_CHECK(scores.size() == instances_.size(), "{} scores for {} instances", scores.size(), instances_.size());
  return std::make_unique<TokenAnswers>(*this, scores);
}

}  // namespace

std::unique_ptr<Task> make_token_task(const TaskOptions& options, const Tokenizer& tokenizer) { return std::make_unique<TokenTask>(options, tokenizer); }

std::vector<std::string> find_token_labels(const TaskOptions& options, const DataFileConfig& train) {
  const auto file = options.file_of(train);
  auto read = read_tagged_sentences(file, options.columns_of(file));
  std::set<std::string> found;
  check_sentences(file, read, [&](const TaggedSentence& sentence) {
    const auto tags = learned_tags(sentence.tags, options.config.tokens);
    found.insert(tags.begin(), tags.end());
  });
  if (found.size() < 2) {
    throw DataError(fmt::format("{}: expected at least two tags, got only '{}'; check task.columns.tag, or name all tags in task.labels",
                                file.path.string(), *found.begin()));
  }
  return {found.begin(), found.end()};
}

}  // namespace albert
