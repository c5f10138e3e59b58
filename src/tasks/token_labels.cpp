#include <albert/base/error.h>
#include <albert/tasks/sliding_windows.h>
#include <albert/tasks/token_labels.h>

#include <algorithm>

namespace albert {
namespace {

constexpr int64_t kSpecialTokens = 2;  // [CLS] and [SEP]
constexpr int64_t kNoPiece = -1;

TokenWindow make_window(const WordPieces& pieces, const PieceWindow& range, const SpecialTokens& special, int64_t sentence) {
  TokenWindow window;
  window.sentence = sentence;
  window.ids.reserve(static_cast<size_t>(range.length + kSpecialTokens));
  window.ids.push_back(special.cls);
  const auto first = pieces.ids.begin() + range.begin;
  window.ids.insert(window.ids.end(), first, first + range.length);
  window.ids.push_back(special.sep);
  window.targets.assign(window.ids.size(), kIgnoredLabel);
  return window;
}

/// A symbol without the separator that begins every text, or the separator itself.
std::vector<int32_t> encode_symbol(const Tokenizer& tokenizer, const std::string& symbol) {
  const bool is_separator = symbol == kWordSeparatorPiece;
  auto ids = tokenizer.encode(is_separator ? "x" : symbol);
  if (is_separator) ids.resize(1);
  else if (!ids.empty()) ids.erase(ids.begin());
  return ids;
}

}  // namespace

void TokenWindowOptions::check() const {
  const int64_t length = max_length - kSpecialTokens;
  if (length < 1) throw ConfigError(fmt::format("max_length: must be at least {}, got {}", kSpecialTokens + 1, max_length));
  if (overlap >= 0 && overlap < length) return;
  throw ConfigError(
      fmt::format("overlap: must be in [0, {}), the pieces of a window, got {}; lower it, or raise max_length", length, overlap));
}

WordPieces encode_words(const Tokenizer& tokenizer, std::span<const std::string> words) {
  WordPieces result;
  result.first_piece.reserve(words.size());
  const bool are_symbols = tokenizer.type() == TokenizerType::symbols && tokenizer.symbol_options().word_separator && !words.empty() &&
                           words.front() == kWordSeparatorPiece;
  for (const std::string& word : words) {
    const std::vector<int32_t> ids = are_symbols ? encode_symbol(tokenizer, word) : tokenizer.encode(word);
    result.first_piece.push_back(ids.empty() ? kNoPiece : static_cast<int64_t>(result.ids.size()));
    if (ids.empty()) ++result.num_empty_words;
    result.ids.insert(result.ids.end(), ids.begin(), ids.end());
  }
  return result;
}

std::vector<TokenWindow> make_token_windows(const WordPieces& pieces, std::span<const int64_t> labels,
                                            const SpecialTokens& special, const TokenWindowOptions& options, int64_t sentence) {
  options.check();
  ALBERT_CHECK(labels.empty() || labels.size() == pieces.first_piece.size(), "{} labels for {} words", labels.size(),
               pieces.first_piece.size());
  const int64_t length = options.max_length - kSpecialTokens;
  std::vector<TokenWindow> windows;
  size_t word = 0;
  for (const PieceWindow& range : sliding_windows(static_cast<int64_t>(pieces.ids.size()), length, length - options.overlap)) {
    TokenWindow window = make_window(pieces, range, special, sentence);
    for (; word < pieces.first_piece.size() && pieces.first_piece[word] < range.max_context_end; ++word) {
      if (pieces.first_piece[word] == kNoPiece) continue;
      const int64_t position = 1 + pieces.first_piece[word] - range.begin;
      window.words.push_back({.word = static_cast<int64_t>(word), .position = position});
      if (!labels.empty()) window.targets[static_cast<size_t>(position)] = labels[word];
    }
    if (windows.empty() || !window.words.empty()) windows.push_back(std::move(window));
  }
  return windows;
}

std::vector<int64_t> labels_of_words(const WordPieces& pieces, std::span<const TokenWindow> windows,
                                     std::span<const std::vector<int64_t>> predicted, int64_t label_of_empty_words) {
  ALBERT_CHECK(windows.size() == predicted.size(), "predictions of {} windows for {}", predicted.size(), windows.size());
  std::vector<int64_t> result(pieces.first_piece.size(), label_of_empty_words);
  int64_t num_predicted = 0;
  for (size_t i = 0; i < windows.size(); ++i) {
    ALBERT_CHECK(predicted[i].size() == windows[i].ids.size(), "{} predictions for a window of {} pieces", predicted[i].size(),
                 windows[i].ids.size());
    for (const TokenWindow::Word& word : windows[i].words) {
      result.at(static_cast<size_t>(word.word)) = predicted[i][static_cast<size_t>(word.position)];
      ++num_predicted;
    }
  }
  ALBERT_CHECK(num_predicted + pieces.num_empty_words == static_cast<int64_t>(result.size()),
               "predictions of {} words for {}, of which {} are without pieces", num_predicted, result.size(),
               pieces.num_empty_words);
  return result;
}

}  // namespace albert
