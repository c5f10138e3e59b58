// The vocabulary that goes along with a model, as text of its files.
#pragma once

#include <albert/convert/model_source.h>
#include <albert/tokenizer/normalizer.h>

#include <string>
#include <string_view>
#include <vector>

namespace albert {

/// How a tokenizer_config.json wants text prepared; ALBERT's defaults where it says nothing. `where` is the file. Throws IoError.
TokenizerOptions parse_tokenizer_options(std::string_view text, const std::string& where);

/// Makes tokenizer.json where the source has a spiece.model without it, and then tokenizer_config.json anew, which names the
/// class that reads it (PreTrainedTokenizerFast) and keeps what the source's own said of case, accents and length. Returns the
/// names of the files that were made. Throws DataError, which names the file, for a spiece.model that is no vocabulary of
/// ALBERT's kind.
std::vector<std::string> complete_vocabulary(ModelSource& source);

}  // namespace albert
