// Text to ids by Google's ALBERT algorithm (google-research/albert tokenization.py): preprocess_text, SentencePiece unigram,
// digit-comma rule. ICU with the root locale for normalisation.
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

#include "albert/tokenizer/normalizer.h"
#include "albert/tokenizer/special_tokens.h"

namespace albert {

/// A loaded vocabulary. Immutable and safe to use from many threads. No SentencePiece header leaves this folder.
class Tokenizer {
 public:
  /// Reads a `spiece.model` after the bounded pre-check of model_check.h. Throws DataError that names the file.
  static Tokenizer load(const std::filesystem::path& model, const TokenizerOptions& options);
  /// The same from bytes; `name` is what errors call it.
  static Tokenizer from_bytes(std::string bytes, const TokenizerOptions& options, const std::string& name);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Ids of UTF-8 text (invalid bytes become U+FFFD), without special tokens.
  [[nodiscard]] std::vector<int32_t> encode(std::string_view text) const;
  /// The pieces that encode() gives ids of.
  [[nodiscard]] std::vector<std::string> encode_as_pieces(std::string_view text) const;
  /// Ids back to text (for display; normalisation is not undone).
  [[nodiscard]] std::string decode(const std::vector<int32_t>& ids) const;

  [[nodiscard]] int32_t vocab_size() const;
  [[nodiscard]] std::string_view piece(int32_t id) const;
  /// Whether the piece begins a masking unit (create_pretraining_data.py, _is_start_piece; albert_facts 5.4).
  [[nodiscard]] bool starts_word(int32_t id) const;
  [[nodiscard]] const SpecialTokens& special_tokens() const;
  [[nodiscard]] const TokenizerOptions& options() const;
  /// SHA-256 over the model's bytes, the options, our normaliser's version and ICU's version. A token store names it.
  [[nodiscard]] const std::string& hash() const;
  /// The bytes of the `spiece.model`, for the checkpoint folder.
  [[nodiscard]] const std::string& model_bytes() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace albert
