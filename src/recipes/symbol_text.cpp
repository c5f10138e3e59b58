#include "recipes/symbol_text.h"

#include <albert/base/error.h>
#include <albert/data/corpus.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace albert {
namespace {

constexpr size_t kShownSymbols = 10;

/// Adds what paragraphs have to a census.
class SymbolCounter {
 public:
  explicit SymbolCounter(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  /// `place()` is asked where a symbol is unknown for the first time.
  template <typename Place>
  void add(std::string_view text, Place&& place) {
    const auto ids = tokenizer_.encode(text);
    const int32_t unknown = tokenizer_.special_tokens().unknown;
    bool in_word = false;
    for (const int32_t id : ids) {
      const WordRole role = id == unknown ? unknown_role() : tokenizer_.word_role(id);
      if (role != WordRole::separates) ++census_.num_symbols;
      if (role == WordRole::starts || role == WordRole::alone || (role == WordRole::continues && !in_word)) ++census_.num_words;
      in_word = role == WordRole::starts || role == WordRole::continues;
    }
    if (std::find(ids.begin(), ids.end(), unknown) == ids.end()) return;
    const auto encoding = tokenizer_.encode_with_offsets(text);
    for (size_t i = 0; i < encoding.ids.size(); ++i) {
      if (encoding.ids[i] != unknown) continue;
      const auto& range = encoding.ranges[i];
      add_unknown(symbol_key(text.substr(static_cast<size_t>(range.begin), static_cast<size_t>(range.end - range.begin))), place);
    }
  }

  SymbolCensus finish() && {
    for (auto& [symbol, unknown] : unknown_) census_.unknown.push_back(std::move(unknown));
    std::sort(census_.unknown.begin(), census_.unknown.end(),
              [](const auto& a, const auto& b) { return a.count != b.count ? a.count > b.count : a.symbol < b.symbol; });
    return std::move(census_);
  }

 private:
  [[nodiscard]] WordRole unknown_role() const {
    return tokenizer_.symbol_options().word_separator ? WordRole::continues : WordRole::starts;
  }

  template <typename Place>
  void add_unknown(std::string symbol, Place&& place) {
    ++census_.num_unknown;
    const auto found = unknown_.find(symbol);
    if (found != unknown_.end()) {
      ++found->second.count;
    } else if (unknown_.size() <= kMaxSymbols) {
      unknown_.emplace(symbol, SymbolCensus::Unknown{.symbol = symbol, .count = 1, .place = place()});
    }
  }

  const Tokenizer& tokenizer_;
  SymbolCensus census_;
  std::unordered_map<std::string, SymbolCensus::Unknown> unknown_;
};

}  // namespace

double SymbolCensus::unknown_share() const {
  return num_symbols > 0 ? static_cast<double>(num_unknown) / static_cast<double>(num_symbols) : 0;
}
double SymbolCensus::mean_word() const {
  return num_words > 0 ? static_cast<double>(num_symbols) / static_cast<double>(num_words) : 0;
}

SymbolCensus count_symbols(const DataConfig& data, const Tokenizer& tokenizer) {
  CorpusReader reader(data);
  SymbolCounter counter(tokenizer);
  for (Paragraph paragraph; reader.next(paragraph);) {
    counter.add(paragraph.text, [&] {
      return fmt::format("{}:{}", reader.files()[reader.file_index()].path.filename().string(), reader.line_number());
    });
  }
  return std::move(counter).finish();
}

std::vector<std::string> describe_unknown(const SymbolCensus& census) {
  std::vector<std::string> lines;
  for (const auto& unknown : census.unknown) {
    if (lines.size() == kShownSymbols) {
      lines.push_back(fmt::format("{} more", census.unknown.size() - kShownSymbols));
      break;
    }
    lines.push_back(fmt::format("{} {} time{}, first at {}", describe_symbol(unknown.symbol), unknown.count,
                                unknown.count == 1 ? "" : "s", unknown.place));
  }
  return lines;
}

void require_symbols(const SymbolCensus& census, const TokenizerConfig& tokenizer, const MaskingConfig& masking,
                     int64_t max_length) {
  if (census.unknown_share() > tokenizer.max_unknown) {
    throw DataError(
        fmt::format("tokenizer.vocabulary: at most {:.4g} % of the symbols of the text may be unknown (tokenizer.max_unknown), "
                    "got {:.4g} %, {} of {}: {}; "
                    "list them, clean the text, or see whether the separators are those of the text",
                    100 * tokenizer.max_unknown, 100 * census.unknown_share(), census.num_unknown, census.num_symbols,
                    fmt::join(describe_unknown(census), "; ")));
  }
  const int64_t budget = masking_budget(masking, max_length);
  if (masking.whole_word && tokenizer.word_separator && census.mean_word() > static_cast<double>(budget)) {
    throw DataError(
        fmt::format("tokenizer.word_separator: words must not be longer than the {} symbols that are masked in a sequence "
                    "(objective.masking, data.max_length), got words of {:.1f} symbols on average; is it what stands between the "
                    "words of this text?",
                    budget, census.mean_word()));
  }
}

std::string collect_symbols(const DataConfig& data, const TokenizerConfig& tokenizer) {
  auto options = tokenizer.symbol_options();
  options.punctuation.clear();
  const auto census = count_symbols(data, Tokenizer::without_symbols(options));
  std::set<std::string> keys;
  for (const auto& symbol : tokenizer.punctuation) keys.insert(symbol_key(symbol));
  for (const auto& [symbol, count, place] : census.unknown) {
    if (count >= tokenizer.min_count && can_be_symbol(symbol, options)) keys.insert(symbol);
  }
  if (keys.size() > kMaxSymbols) {
    throw DataError(
        fmt::format("tokenizer.symbol_separator: must cut the text into at most {} different symbols, got more; is it what "
                    "stands between its symbols?",
                    kMaxSymbols));
  }
  if (keys.empty())
    throw DataError(
        "data.sources: must have symbols to make a vocabulary of, got none that stand there tokenizer.min_count times");
  std::string bytes;
  for (const auto& key : keys) bytes += composed_symbol(key) + "\n";
  return bytes;
}

}  // namespace albert
