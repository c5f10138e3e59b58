// The files of a tokenizer of symbols in a model folder.
#pragma once

#include <albert/tokenizer/tokenizer.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace albert {

/// symbols.txt; tokenizer_config.json, where key `symbols` holds our options; and tokenizer.json, with which transformers gives the same
/// ids, for texts that do not spell a special token ("[MASK]": there it is one, to Tokenizer::encode it is text).
std::map<std::string, std::string> symbol_files(const Tokenizer& tokenizer, int64_t max_length);

/// Key `symbols` of the folder's tokenizer_config.json: without it nobody knows how its texts were cut. Throws IoError that names the key.
SymbolOptions read_symbol_options(const std::filesystem::path& folder);
/// The same from the file's text; `where` is the file.
SymbolOptions parse_symbol_options(std::string_view text, const std::string& where);

}  // namespace albert
