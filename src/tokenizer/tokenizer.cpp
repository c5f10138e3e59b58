#include "albert/tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <utility>

#include "albert/base/error.h"
#include "tokenizer/tokenizer_algorithm.h"

namespace albert {

Tokenizer::Tokenizer(std::unique_ptr<const TokenizerAlgorithm> algorithm) : algorithm_(std::move(algorithm)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::vector<int32_t> Tokenizer::encode(std::string_view text) const { return algorithm_->encode(text); }
Encoding Tokenizer::encode_with_offsets(std::string_view text) const { return algorithm_->encode_with_offsets(text); }
std::vector<std::string> Tokenizer::encode_as_pieces(std::string_view text) const { return algorithm_->encode_as_pieces(text); }
std::vector<int32_t> Tokenizer::encode_masked(std::string_view text) const { return algorithm_->encode_masked(text); }

std::string Tokenizer::decode(const std::vector<int32_t>& ids) const {
  for (const int32_t id : ids) (void)piece(id);  // throws
  return algorithm_->decode(ids);
}

int32_t Tokenizer::vocab_size() const { return algorithm_->vocab_size(); }

std::string_view Tokenizer::piece(int32_t id) const {
  if (id < 0 || id >= vocab_size())
    throw DataError(fmt::format("token id: must be in [0, {}), got {}; is it of another vocabulary?", vocab_size(), id));
  return algorithm_->piece(id);
}

WordRole Tokenizer::word_role(int32_t id) const {
  ALBERT_CHECK(id >= 0 && id < vocab_size(), "id {} of a vocabulary of {}", id, vocab_size());
  return algorithm_->word_role(id);
}

const SpecialTokens& Tokenizer::special_tokens() const { return algorithm_->special_tokens; }
TokenizerType Tokenizer::type() const { return algorithm_->type; }
const TokenizerOptions& Tokenizer::options() const { return algorithm_->options; }
const SymbolOptions& Tokenizer::symbol_options() const { return algorithm_->symbol_options; }
const std::string& Tokenizer::hash() const { return algorithm_->hash; }
const std::string& Tokenizer::vocabulary_bytes() const { return algorithm_->vocabulary_bytes; }

}  // namespace albert
