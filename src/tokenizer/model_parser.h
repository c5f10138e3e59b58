// A `spiece.model` after the check: what encoding needs of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "albert/tokenizer/special_tokens.h"
#include "tokenizer/charsmap.h"

namespace albert {

/// SentencePiece's types of pieces (ModelProto.SentencePiece.Type).
enum class PieceType : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

struct Piece {
  std::string_view text;  ///< points into the bytes that were parsed
  float score = 0;
  PieceType type = PieceType::normal;
};

/// The model as its author's options stand in it; defaults are those of sentencepiece_model.proto.
struct ParsedModel {
  std::vector<Piece> pieces;  ///< the index is the id
  SpecialTokens special_tokens;
  bool byte_fallback = false;
  Charsmap charsmap;
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
};

/// Parses and checks (albert/tokenizer/model_check.h). The result points into `bytes`. Throws DataError that begins with `name`.
ParsedModel parse_model(std::string_view bytes, const std::string& name);

}  // namespace albert
