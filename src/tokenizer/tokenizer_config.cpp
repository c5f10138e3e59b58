#include "albert/tokenizer/tokenizer_config.h"

#include <fmt/format.h>

#include "albert/tokenizer/tokenizer_training.h"

namespace albert {
namespace {

/// Calls `visit(name, is_default)` for each option of SentencePiece.
template <typename Visitor>
void visit_sentencepiece(const TokenizerConfig& c, Visitor&& visit) {
  const TokenizerConfig defaults;
  visit("model", c.model == defaults.model);
  visit("vocab_size", c.vocab_size == defaults.vocab_size);
  visit("sample_bytes", c.sample_bytes.bytes == defaults.sample_bytes.bytes);
  visit("character_coverage", c.character_coverage == defaults.character_coverage);
  visit("lower_case", c.lower_case == defaults.lower_case);
  visit("keep_accents", c.keep_accents == defaults.keep_accents);
}

/// Of symbols.
template <typename Visitor>
void visit_symbols(const TokenizerConfig& c, Visitor&& visit) {
  const TokenizerConfig defaults;
  visit("vocabulary", c.vocabulary == defaults.vocabulary);
  visit("word_separator", c.word_separator == defaults.word_separator);
  visit("symbol_separator", c.symbol_separator == defaults.symbol_separator);
  visit("punctuation", c.punctuation == defaults.punctuation);
  visit("min_count", c.min_count == defaults.min_count);
  visit("max_unknown", c.max_unknown == defaults.max_unknown);
}

}  // namespace

void TokenizerConfig::validate(config::Issues& issues) const {
  const bool is_symbols = type == TokenizerType::symbols;
  const auto refuse = [&](const char* name, bool is_default) {
    if (!is_default) {
      issues.add(name, fmt::format("has no meaning with tokenizer.type: {}; leave it out{}", config::enum_name(type),
                                   is_symbols ? "" : ", or set type: symbols"));
    }
  };
  if (is_symbols)
    visit_sentencepiece(*this, refuse);
  else
    visit_symbols(*this, refuse);
  if (is_symbols) {
    if (const auto error = separator_error(symbol_options())) {
      const size_t colon = error->find(": ");
      issues.add(error->substr(0, colon), error->substr(colon + 2));
    }
    if (vocabulary && min_count > 1)
      issues.add("min_count", "has no meaning with a vocabulary that is given; leave one of the two out");
  }
  if (sample_bytes.bytes < static_cast<uint64_t>(kMinSampleBytes) || sample_bytes.bytes > kMaxSampleBytes) {
    issues.add("sample_bytes",
               fmt::format("must be in [{}, {}], got {}", to_string(ByteSize{static_cast<uint64_t>(kMinSampleBytes)}),
                           to_string(ByteSize{kMaxSampleBytes}), to_string(sample_bytes)));
  }
}

}  // namespace albert
