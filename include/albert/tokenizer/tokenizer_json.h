// tokenizer.json: a vocabulary as Hugging Face's `tokenizers` reads it, which is what PreTrainedTokenizerFast of transformers
// loads.
//
//   write_file_atomically(folder / "tokenizer.json", tokenizer_json(tokenizer));
#pragma once

#include <string>

#include "albert/tokenizer/tokenizer.h"

namespace albert {

/// Gives the ids of `tokenizer` from the library's stock parts, [CLS] and [SEP] around them, and segments of a pair.
///
/// Symbols: the same ids for every text. SentencePiece: a unigram model behind replacements that together make Google's
/// preprocess_text and the model's own table, and a cut that makes the digit-comma rule. What stock parts cannot do is listed in
/// docs/formats.md with how often it happens.
std::string tokenizer_json(const Tokenizer& tokenizer);

}  // namespace albert
