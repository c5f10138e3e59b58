// Raw ranges of pieces (Encoding::ranges) from the origins of their bytes.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "albert/tokenizer/encoding.h"

namespace albert {

/// A byte of a piece other than those of U+2581, and what it stands for.
struct Letter {
  char byte = 0;
  ByteRange origin;
};

/// The letters of a piece with this text. `origins`: of each byte of the text.
std::vector<Letter> letters_of(std::string_view surface, std::span<const ByteRange> origins);

/// From the first to the last letter that is no space; nothing if there is none.
std::optional<ByteRange> cover(std::span<const Letter> letters);

/// Gives the pieces without letters their place between the others, as Encoding describes it.
std::vector<ByteRange> place_pieces(std::span<const std::optional<ByteRange>> found);

}  // namespace albert
