// Text to ids, in one of two ways.
//
// SentencePiece: Google's ALBERT algorithm (google-research/albert tokenization.py): preprocess_text (normalizer.h), SentencePiece's
// unigram segmentation, digit-comma rule. Every id equals that of Google's code with PyPI's sentencepiece 0.2.3
// (scripts/tokenizer_reference.py); the segmentation is our own, so that no other SentencePiece on a machine can change ids.
//
// Symbols: an inventory of phonemes, characters or other signs, one id each (symbols.h).
//
//   const auto tokenizer = Tokenizer::load("spiece.model", {});
//   const std::vector<int32_t> ids = tokenizer.encode("In 2001, he came.");     // without [CLS] and [SEP]
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "albert/tokenizer/encoding.h"
#include "albert/tokenizer/normalizer.h"
#include "albert/tokenizer/special_tokens.h"
#include "albert/tokenizer/symbols.h"
#include "albert/tokenizer/word_role.h"

namespace albert {

class TokenizerAlgorithm;

/// A loaded vocabulary. Immutable and safe to use from many threads.
class Tokenizer {
 public:
  /// Reads a `spiece.model` through the bounded check of model_check.h. Throws DataError that names the file, and IoError if it
  /// cannot be read or is larger than kMaxModelBytes.
  static Tokenizer load(const std::filesystem::path& model, const TokenizerOptions& options);
  /// The same from bytes; `name` is what errors call it.
  static Tokenizer from_bytes(std::string bytes, const TokenizerOptions& options, const std::string& name);
  /// Reads a file of symbols (docs/symbols.md). Throws DataError that names file and line, and for options that contradict it.
  static Tokenizer load_symbols(const std::filesystem::path& vocabulary, const SymbolOptions& options);
  /// The same from bytes; `name` is what errors call it.
  static Tokenizer from_symbols(std::string_view bytes, const SymbolOptions& options, const std::string& name);
  /// Knows no symbol, so that each is unknown: to learn which ones a text has.
  static Tokenizer without_symbols(const SymbolOptions& options);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Ids of UTF-8 text (invalid bytes become U+FFFD), without special tokens. Linear in the length of the text.
  ///
  /// SentencePiece: as in Google's code an id is that of the piece's text. So text gives no special token, but for one case: in cased text a run
  /// of unknown characters that spells a special token ("[MASK]" where no piece has any of its characters) gets that token's id.
  /// Throws DataError for a text of more than 256 MiB.
  [[nodiscard]] std::vector<int32_t> encode(std::string_view text) const;
  /// The ids of encode() and, of each, the bytes of `text` that it stands for (encoding.h). The ranges are followed through every
  /// step of normalisation, not searched for afterwards: they are exact for any text. Linear in the length of the text; slower
  /// than encode(), with 16 bytes of memory more per byte of normalised text. Throws DataError as encode() does.
  [[nodiscard]] Encoding encode_with_offsets(std::string_view text) const;
  /// The pieces that encode() gives ids of; of unknown ones the normalised text that they stand for.
  [[nodiscard]] std::vector<std::string> encode_as_pieces(std::string_view text) const;
  /// encode() of a text in which "[MASK]" stands for a masked piece: with the id of [MASK] there, and of the words around it as they are.
  [[nodiscard]] std::vector<int32_t> encode_masked(std::string_view text) const;
  /// Ids back to text, for display: normalisation is not undone, special tokens and <unk> are written as their pieces. Throws
  /// DataError for an id outside of the vocabulary.
  [[nodiscard]] std::string decode(const std::vector<int32_t>& ids) const;

  [[nodiscard]] int32_t vocab_size() const;
  [[nodiscard]] std::string_view piece(int32_t id) const;
  /// What the piece is to the masking of words. SentencePiece: `starts` or `continues` (google-research/albert
  /// create_pretraining_data.py, _is_start_piece_sp). `id` must be in the vocabulary.
  [[nodiscard]] WordRole word_role(int32_t id) const;
  [[nodiscard]] const SpecialTokens& special_tokens() const;
  [[nodiscard]] TokenizerType type() const;
  /// Of SentencePiece; symbols are never changed.
  [[nodiscard]] const TokenizerOptions& options() const;
  /// Of symbols.
  [[nodiscard]] const SymbolOptions& symbol_options() const;
  /// SHA-256 over the vocabulary's bytes, the options that change ids, our algorithm's version and ICU's version. A token store
  /// names it.
  [[nodiscard]] const std::string& hash() const;
  /// The bytes of the vocabulary's file (vocabulary_file_name), for the checkpoint folder.
  [[nodiscard]] const std::string& vocabulary_bytes() const;

 private:
  explicit Tokenizer(std::unique_ptr<const TokenizerAlgorithm> algorithm);
  std::unique_ptr<const TokenizerAlgorithm> algorithm_;
};

}  // namespace albert
