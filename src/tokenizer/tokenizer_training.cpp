#include "albert/tokenizer/tokenizer_training.h"

#include <sentencepiece_trainer.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "albert/base/error.h"
#include "albert/tokenizer/model_check.h"
#include "tokenizer/sentence_sample.h"

namespace albert {
namespace {

/// SentencePiece's own limit, over which it drops a sentence.
constexpr size_t kMaxSentenceBytes = 4192;
/// SentencePiece's mark for unknown characters, U+2585; it drops sentences that hold it.
constexpr std::string_view kTrainerUnknown = "\xE2\x96\x85";

bool has_letter_or_digit(std::string_view text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  for (size_t i = 0; i < text.size();) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes, i, text.size(), c);
    if (u_isalnum(c)) return true;
  }
  return false;
}

/// Calls `sink` with parts of at most kMaxSentenceBytes, cut at spaces; returns the number of words that are longer than that.
template <typename Sink>
int64_t split_long(std::string_view text, Sink&& sink) {
  int64_t skipped = 0;
  while (text.size() > kMaxSentenceBytes) {
    const size_t cut = text.rfind(' ', kMaxSentenceBytes);
    if (cut == std::string_view::npos || cut == 0) {
      const size_t word = std::min(text.find(' ', 1), text.size());
      if (word > kMaxSentenceBytes) ++skipped;
      text.remove_prefix(word);
      continue;
    }
    sink(text.substr(0, cut));
    text.remove_prefix(cut + 1);
  }
  if (!text.empty()) sink(text);
  return skipped;
}

/// Hands the sample to SentencePiece and frees each sentence once it has been copied.
class SampleIterator : public sentencepiece::SentenceIterator {
 public:
  explicit SampleIterator(std::vector<std::string> sentences) : sentences_(std::move(sentences)) {}
  bool done() const override { return next_ == sentences_.size(); }
  void Next() override { std::string().swap(sentences_[next_++]); }
  const std::string& value() const override { return sentences_[next_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> sentences_;
  size_t next_ = 0;
};

std::unordered_map<std::string, std::string> trainer_options(const TokenizerConfig& config) {
  return {
      {"model_type", "unigram"},
      {"vocab_size", fmt::format("{}", config.vocab_size)},
      {"character_coverage", fmt::format("{}", config.character_coverage)},
      {"pad_id", "0"},
      {"unk_id", "1"},
      {"bos_id", "-1"},
      {"eos_id", "-1"},
      {"control_symbols", "[CLS],[SEP],[MASK]"},
      {"user_defined_symbols", "(,),\"\"\"\",-,.,\u2013,\u00a3,\u20ac"},  // comma-separated values: a quote is written as four
      {"normalization_rule_name", "nmt_nfkc"},
      {"shuffle_input_sentence", "true"},
      {"input_sentence_size", "0"},  // all of our sample
      {"max_sentence_length", fmt::format("{}", kMaxSentenceBytes)},
      {"num_threads", "16"},  // SentencePiece's default; the sums, and so the result, depend on it
      {"minloglevel", "3"},   // of SentencePiece alone: only what makes it abort
  };
}

/// The number behind `marker` in a message of SentencePiece; empty if there is none.
std::string number_behind(std::string_view message, std::string_view marker) {
  const size_t found = message.find(marker);
  if (found == std::string_view::npos) return {};
  std::string digits;
  for (const char c : message.substr(found + marker.size())) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) break;
    digits += c;
  }
  return digits;
}

[[noreturn]] void fail_training(const TokenizerConfig& config, std::string message) {
  if (const std::string largest = number_behind(message, "Please set it to a value <= "); !largest.empty()) {
    throw DataError(fmt::format("tokenizer.vocab_size: must be at most {} for this text, got {}; lower it or give more text",
                                largest, config.vocab_size));
  }
  if (const std::string smallest = number_behind(message, fmt::format(" {} vs ", config.vocab_size)); !smallest.empty()) {
    throw DataError(
        fmt::format("tokenizer.vocab_size: must be at least {} to hold the characters of this text, got {}; "
                    "raise it or lower tokenizer.character_coverage",
                    smallest, config.vocab_size));
  }
  std::replace(message.begin(), message.end(), '\n', ' ');
  throw DataError(fmt::format("tokenizer: SentencePiece cannot train a vocabulary of {} pieces on this text: {}",
                              config.vocab_size, message));
}

}  // namespace

void require_enough_text(int64_t bytes) {
  if (bytes >= kMinSampleBytes) return;
  throw DataError(fmt::format("tokenizer: needs at least {} bytes of text to train a vocabulary, got {}; give more text or name a "
                              "vocabulary in tokenizer.model", kMinSampleBytes, bytes));
}

TrainedTokenizer train_tokenizer(const TokenizerConfig& config, const SentenceSource& next, uint64_t seed) {
  TrainedTokenizer result;
  SentenceSample sample(std::min(config.sample_bytes.bytes, kMaxSampleBytes), seed);
  for (std::string sentence; next(sentence);) {
    ++result.num_sentences;
    result.num_skipped_words += split_long(normalize_text(sentence, config.options()), [&](std::string_view part) {
      // Without a letter or digit nothing may be left of it after nmt_nfkc; a sample of such sentences only would abort.
      if (has_letter_or_digit(part) && part.find(kTrainerUnknown) == std::string_view::npos) sample.add(std::string(part));
    });
  }
  result.sampled_bytes = static_cast<int64_t>(sample.size_bytes());
  require_enough_text(result.sampled_bytes);
  std::vector<std::string> sentences = sample.take();
  result.num_sampled = static_cast<int64_t>(sentences.size());
  SampleIterator iterator(std::move(sentences));
  const auto status = sentencepiece::SentencePieceTrainer::Train(trainer_options(config), &iterator, &result.model_bytes);
  if (!status.ok()) fail_training(config, status.message());
  const ModelSummary summary = check_model(result.model_bytes, "trained vocabulary");
  ALBERT_CHECK(summary.special_tokens == SpecialTokens{} && summary.num_pieces == config.vocab_size,
               "SentencePiece gave other pieces than asked for");
  return result;
}

}  // namespace albert
