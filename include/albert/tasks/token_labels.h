// One label per word (entities, parts of speech): words to pieces, labels to first pieces, and predictions back to words.
//
//   const WordPieces pieces = encode_words(tokenizer, words);
//   const std::vector<TokenWindow> windows = make_token_windows(pieces, labels, tokenizer.special_tokens(), options, sentence);
//   const std::vector<int64_t> predicted = labels_of_words(pieces, windows, labels_at_positions, outside_label);
#pragma once

#include <albert/config/fields.h>
#include <albert/tokenizer/tokenizer.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace albert {

/// Target of a position that is not scored.
inline constexpr int64_t kIgnoredLabel = -100;

/// Section `data.windows` of token classification.
struct TokenWindowOptions {
  int64_t max_length = 128;  ///< of a sequence, [CLS] and [SEP] included; not in the field list: it is the data section's
  int64_t overlap = 32;

  /// Throws ConfigError unless a window of max_length - 2 pieces moves on: 0 <= overlap < max_length - 2.
  void check() const;
};
template <config::Self<TokenWindowOptions> C, typename Visitor>
void visit_fields(C& c, Visitor&& visit) {
  using config::Field;
  visit(Field{"overlap",
              "pieces that neighbouring windows of a sentence longer than max_length share; each word is predicted where it "
              "has most context",
              config::at_least(0)},
        c.overlap);
}

/// Pieces of the words of a sentence.
struct WordPieces {
  std::vector<int32_t> ids;
  std::vector<int64_t> first_piece;  ///< [words] index of each word's first piece; -1 for a word that gives none
  int64_t num_empty_words = 0;       ///< words that give no piece: white space, control characters, combining marks only
};

/// Each word is encoded by itself and so begins with its own word mark, as HF's tokenizers do it with is_split_into_words. Equal
/// to the encoding of the words joined by spaces, but for words that touch by rules over word borders: a sigma is final at the
/// end of its own word, and a vocabulary with pieces across spaces does not use them here.
///
/// With a vocabulary of symbols that has a word separator, a sentence whose first word is U+2581 is one of symbols, as
/// `albert tokenize --pieces` writes it: each word is one symbol, U+2581 the separator.
WordPieces encode_words(const Tokenizer& tokenizer, std::span<const std::string> words);

/// One sequence [CLS] pieces [SEP], all of segment 0, with the words that are scored in it.
struct TokenWindow {
  std::vector<int32_t> ids;
  std::vector<int64_t> targets;  ///< [ids.size()] label of the word whose first piece stands here, else kIgnoredLabel
  int64_t sentence = 0;          ///< as given
  /// Words scored in this window (in no other one), and where their first pieces stand.
  struct Word {
    int64_t word = 0;
    int64_t position = 0;
    bool operator==(const Word&) const = default;
  };
  std::vector<Word> words;
};

/// A sentence of at most max_length - 2 pieces is one window; a longer one gives overlapping windows, so that no word is ever
/// dropped. Each word counts once, in the window in which its first piece has most context (sliding_windows.h), in training too.
/// Windows that score no word are left out, but for the first. `labels`: one per word, or empty where they are not known.
std::vector<TokenWindow> make_token_windows(const WordPieces& pieces, std::span<const int64_t> labels,
                                            const SpecialTokens& special, const TokenWindowOptions& options, int64_t sentence);

/// One label per word: that predicted at its first piece; `label_of_empty_words` for words without a piece (O, or the most
/// frequent label). `predicted[i]`: the label predicted at each position of windows[i]. Throws InternalError when sizes do not
/// match.
std::vector<int64_t> labels_of_words(const WordPieces& pieces, std::span<const TokenWindow> windows,
                                     std::span<const std::vector<int64_t>> predicted, int64_t label_of_empty_words);

}  // namespace albert
