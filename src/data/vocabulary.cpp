#include <albert/data/vocabulary.h>

namespace albert {

Vocabulary vocabulary_of(const Tokenizer& tokenizer) {
  Vocabulary vocabulary;
  vocabulary.size = tokenizer.vocab_size();
  vocabulary.special = tokenizer.special_tokens();
  vocabulary.starts_word.resize(static_cast<size_t>(vocabulary.size));
  for (int32_t id = 0; id < vocabulary.size; ++id) vocabulary.starts_word[static_cast<size_t>(id)] = tokenizer.starts_word(id) ? 1 : 0;
  vocabulary.tokenizer_hash = tokenizer.hash();
  vocabulary.encode = [&tokenizer](std::string_view text) { return tokenizer.encode(text); };
  return vocabulary;
}

}  // namespace albert
