#include <albert/data/vocabulary.h>

namespace albert {

Vocabulary vocabulary_of(const Tokenizer& tokenizer) {
  Vocabulary vocabulary;
  vocabulary.size = tokenizer.vocab_size();
  vocabulary.special = tokenizer.special_tokens();
  vocabulary.word_roles.reserve(static_cast<size_t>(vocabulary.size));
  for (int32_t id = 0; id < vocabulary.size; ++id) vocabulary.word_roles.push_back(tokenizer.word_role(id));
  // Of 30,000 pieces a handful of special ones does not matter; of fifty symbols a tenth of the random ones would be special.
  if (tokenizer.type() == TokenizerType::symbols) {
    for (int32_t id = vocabulary.special.mask + 1; id < vocabulary.size; ++id) {
      if (tokenizer.word_role(id) != WordRole::separates) vocabulary.replacements.push_back(id);
    }
  }
  vocabulary.tokenizer_hash = tokenizer.hash();
  vocabulary.encode = [&tokenizer](std::string_view text) { return tokenizer.encode(text); };
  return vocabulary;
}

}  // namespace albert
