// Normalisation that remembers where each byte of its result comes from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "albert/tokenizer/encoding.h"
#include "albert/tokenizer/normalizer.h"

namespace albert {

/// A text made from another one; of each of its bytes the bytes of the other that it stands for. Begins and ends never fall.
struct FollowedText {
  std::string text;
  std::vector<ByteRange> origins;  // [text.size()]
};

/// normalize_text, followed. A space stands for the white space that it replaces, a character for the raw one that it was made
/// from and for the combining marks behind it that were dropped; marks that change places stand for all of their run.
FollowedText normalize_and_follow(std::string_view text, const TokenizerOptions& options);

/// Whether origins are wanted.
enum class Origins { ignored, followed };

/// NFD and nothing else; invalid bytes become U+FFFD. Marks that change places stand for all of their run. Without `followed` there
/// are no origins. Linear in the length of the text. Throws DataError for a text of more than 256 MiB.
FollowedText decompose(std::string_view text, Origins origins);

}  // namespace albert
