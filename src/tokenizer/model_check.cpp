#include "albert/tokenizer/model_check.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "albert/base/error.h"
#include "albert/base/hash.h"
#include "albert/base/protobuf_reader.h"
#include "tokenizer/model_parser.h"
#include "tokenizer/utf8.h"

namespace albert {
namespace {

using protobuf::Field;
using protobuf::WireType;

// Field numbers and values of sentencepiece_model.proto.
namespace model_field {
constexpr uint32_t kPiece = 1, kTrainer = 2, kNormalizer = 3, kSelfTest = 4, kDenormalizer = 5;
}
namespace piece_field {
constexpr uint32_t kText = 1, kScore = 2, kType = 3;
}
namespace trainer_field {
constexpr uint32_t kModelType = 3, kWhitespaceAsSuffix = 24, kByteFallback = 35, kUnknownId = 40, kBosId = 41, kEosId = 42,
                   kPadId = 43;
}
namespace normalizer_field {
constexpr uint32_t kCharsmap = 2, kAddDummyPrefix = 3, kRemoveExtraWhitespaces = 4, kEscapeWhitespaces = 5;
}
/// The parts of TrainerSpec that SentencePiece uses when it encodes, with protobuf's defaults.
struct TrainerSpec {
  uint64_t model_type = 1;
  bool whitespace_as_suffix = false;
  bool byte_fallback = false;
  std::optional<int64_t> unknown_id, bos_id, eos_id, pad_id;
};

class ModelChecker {
 public:
  ModelChecker(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  ParsedModel run() {
    if (bytes_.empty()) fail("must be a SentencePiece model, got an empty file");
    if (bytes_.size() > kMaxModelBytes) fail(fmt::format("must have at most {} bytes, got {}", kMaxModelBytes, bytes_.size()));
    read_model();
    check_trainer();
    check_unique();
    check_types();
    check_nested_symbols();
    model_.special_tokens = find_special_tokens();
    model_.byte_fallback = trainer_.byte_fallback;
    return std::move(model_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw DataError(name_ + ": " + what); }
  [[noreturn]] void fail_piece(size_t index, const std::string& what) const {
    fail(fmt::format("piece {} ({}): {}", index, quote_bytes(pieces_[index].text), what));
  }

  void expect(const Field& field, WireType type, std::string_view what) const {
    if (field.type != type) fail(fmt::format("{}: has the wrong field type; the file is damaged", what));
  }

  /// Bounds what SentencePiece allocates for many tiny fields.
  void count_other_field() {
    if (++num_other_fields_ > kMaxOtherFields)
      fail(fmt::format("must have at most {} fields besides the pieces", kMaxOtherFields));
  }

  std::string_view once(const Field& field, bool& seen, std::string_view what) {
    count_other_field();
    expect(field, WireType::bytes, what);
    if (seen) fail(fmt::format("{}: stands there twice; the file is damaged", what));
    seen = true;
    return field.bytes;
  }

  void read_model() {
    // Growing, the list would be there twice.
    constexpr size_t kFewestPieceBytes = 5;
    pieces_.reserve(std::min(kMaxPieces, bytes_.size() / kFewestPieceBytes));
    bool trainer = false, normalizer = false, denormalizer = false, self_test = false;
    protobuf::Reader reader(bytes_, refuse_);
    for (Field field; reader.next(field);) {
      switch (field.number) {
        case model_field::kPiece:
          expect(field, WireType::bytes, "pieces");
          read_piece(field.bytes);
          break;
        case model_field::kTrainer:
          read_trainer(once(field, trainer, "trainer_spec"));
          break;
        case model_field::kNormalizer:
          read_normalizer(once(field, normalizer, "normalizer_spec"));
          break;
        case model_field::kDenormalizer:
          read_denormalizer(once(field, denormalizer, "denormalizer_spec"));
          break;
        case model_field::kSelfTest:
          read_self_test(once(field, self_test, "self_test_data"));
          break;
        default:
          count_other_field();
      }
    }
    if (pieces_.empty()) fail("must be a SentencePiece model, got no pieces");
  }

  void read_piece(std::string_view message) {
    const size_t index = pieces_.size();
    if (index == kMaxPieces) fail(fmt::format("must have at most {} pieces", kMaxPieces));
    pieces_.emplace_back();
    Piece& piece = pieces_.back();
    uint64_t type = static_cast<uint64_t>(PieceType::normal);
    protobuf::Reader reader(message, refuse_);
    for (Field field; reader.next(field);) {
      if (field.number == piece_field::kText) {
        expect(field, WireType::bytes, fmt::format("piece {}", index));
        piece.text = field.bytes;
      } else if (field.number == piece_field::kScore) {
        expect(field, WireType::fixed32, fmt::format("score of piece {}", index));
        piece.score = field.float_value();
      } else if (field.number == piece_field::kType) {
        expect(field, WireType::varint, fmt::format("type of piece {}", index));
        type = field.number_value;
      } else {
        count_other_field();
      }
    }
    check_piece(index, type);
  }

  void check_piece(size_t index, uint64_t type) {
    Piece& piece = pieces_[index];
    if (piece.text.empty()) fail_piece(index, "must not be empty");
    if (piece.text.size() > kMaxPieceBytes) {
      fail_piece(index, fmt::format("must have at most {} bytes, got {}", kMaxPieceBytes, piece.text.size()));
    }
    if (piece.text.find('\0') != std::string_view::npos) fail_piece(index, "must not hold a NUL byte");
    if (!is_valid_utf8(piece.text)) fail_piece(index, "must be valid UTF-8");
    // Negated, so that NaN is refused too.
    if (!(std::abs(piece.score) <= kMaxPieceScore)) {
      fail_piece(index, fmt::format("score must be in [-{0:g}, {0:g}], got {1:g}", kMaxPieceScore, piece.score));
    }
    if (type < 1 || type > 6) fail_piece(index, fmt::format("type must be in 1..6, got {}", type));
    piece.type = static_cast<PieceType>(type);
  }

  void read_trainer(std::string_view message) {
    protobuf::Reader reader(message, refuse_);
    for (Field field; reader.next(field);) {
      count_other_field();
      const auto number = [&](std::string_view what) {
        expect(field, WireType::varint, fmt::format("trainer_spec.{}", what));
        return field.number_value;
      };
      // int32 travels as a 64-bit varint with its sign extended.
      const auto id = [&](std::string_view what) { return std::optional(static_cast<int64_t>(number(what))); };
      switch (field.number) {
        case trainer_field::kModelType:
          trainer_.model_type = number("model_type");
          break;
        case trainer_field::kWhitespaceAsSuffix:
          trainer_.whitespace_as_suffix = number("treat_whitespace_as_suffix") != 0;
          break;
        case trainer_field::kByteFallback:
          trainer_.byte_fallback = number("byte_fallback") != 0;
          break;
        case trainer_field::kUnknownId:
          trainer_.unknown_id = id("unk_id");
          break;
        case trainer_field::kBosId:
          trainer_.bos_id = id("bos_id");
          break;
        case trainer_field::kEosId:
          trainer_.eos_id = id("eos_id");
          break;
        case trainer_field::kPadId:
          trainer_.pad_id = id("pad_id");
          break;
        default:
          break;
      }
    }
  }

  void read_normalizer(std::string_view message) {
    bool seen = false;
    protobuf::Reader reader(message, refuse_);
    for (Field field; reader.next(field);) {
      const auto flag = [&](std::string_view what) {
        expect(field, WireType::varint, fmt::format("normalizer_spec.{}", what));
        return field.number_value != 0;
      };
      count_other_field();
      switch (field.number) {
        case normalizer_field::kCharsmap:
          model_.charsmap = Charsmap(once(field, seen, "precompiled_charsmap"), name_ + ": normalizer_spec");
          break;
        case normalizer_field::kAddDummyPrefix:
          model_.add_dummy_prefix = flag("add_dummy_prefix");
          break;
        case normalizer_field::kRemoveExtraWhitespaces:
          model_.remove_extra_whitespaces = flag("remove_extra_whitespaces");
          break;
        case normalizer_field::kEscapeWhitespaces:
          model_.escape_whitespaces = flag("escape_whitespaces");
          break;
        default:
          break;
      }
    }
  }

  /// We do not use it, but the model goes into checkpoints, where others read it with SentencePiece.
  void read_denormalizer(std::string_view message) {
    bool seen = false;
    protobuf::Reader reader(message, refuse_);
    for (Field field; reader.next(field);) {
      count_other_field();
      if (field.number == normalizer_field::kCharsmap) {
        const Charsmap checked(once(field, seen, "precompiled_charsmap"), name_ + ": denormalizer_spec");
      }
    }
  }

  /// SentencePiece encodes these samples when it loads the model; an own vocabulary has none or a few.
  void read_self_test(std::string_view message) {
    constexpr size_t kMaxSelfTestBytes = size_t{1} << 20U;
    if (message.size() > kMaxSelfTestBytes)
      fail(fmt::format("self_test_data: must have at most {} bytes, got {}", kMaxSelfTestBytes, message.size()));
    protobuf::Reader reader(message, refuse_);
    for (Field field; reader.next(field);) {
      count_other_field();
      expect(field, WireType::bytes, "self_test_data");
      protobuf::Reader sample(field.bytes, refuse_);
      for (Field text; sample.next(text);) count_other_field();
    }
  }

  void check_trainer() const {
    constexpr std::array<std::string_view, 5> kNames = {"", "unigram", "bpe", "word", "char"};
    if (trainer_.model_type != 1) {
      const std::string got = trainer_.model_type < kNames.size() && trainer_.model_type > 0
                                  ? std::string(kNames[trainer_.model_type])
                                  : fmt::format("type {}", trainer_.model_type);
      fail(fmt::format("model_type: must be unigram, as ALBERT's vocabularies are, got {}; train one with --model_type=unigram",
                       got));
    }
    if (trainer_.whitespace_as_suffix) {
      fail("treat_whitespace_as_suffix: must be false, got true; ALBERT's pieces carry the space in front");
    }
    const auto size = static_cast<int64_t>(pieces_.size());
    const std::array<std::pair<std::string_view, std::optional<int64_t>>, 4> ids = {
        {{"unk_id", trainer_.unknown_id}, {"bos_id", trainer_.bos_id}, {"eos_id", trainer_.eos_id}, {"pad_id", trainer_.pad_id}}};
    for (const auto& [what, id] : ids) {
      if (id && (*id < -1 || *id >= size)) fail(fmt::format("trainer_spec.{}: must be in [-1, {}), got {}", what, size, *id));
    }
  }

  /// Sorted by hash, then by text: n log n for any input.
  void check_unique() {
    std::vector<std::pair<uint32_t, uint32_t>> order(pieces_.size());
    for (size_t i = 0; i < pieces_.size(); ++i) order[i] = {static_cast<uint32_t>(xxh3_64(pieces_[i].text)), static_cast<uint32_t>(i)};
    const auto text = [&](const auto& entry) { return pieces_[entry.second].text; };
    std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
      if (a.first != b.first) return a.first < b.first;
      const int compared = text(a).compare(text(b));
      return compared != 0 ? compared < 0 : a.second < b.second;
    });
    for (size_t i = 1; i < order.size(); ++i) {
      if (text(order[i]) == text(order[i - 1]))
        fail_piece(order[i].second, fmt::format("must be unique, got the text of piece {}", order[i - 1].second));
    }
  }

  void check_types() {
    std::optional<size_t> unknown;
    bool has_normal = false;
    size_t num_bytes = 0;
    for (size_t i = 0; i < pieces_.size(); ++i) {
      const PieceType type = pieces_[i].type;
      has_normal = has_normal || type == PieceType::normal;
      if (type == PieceType::unknown) {
        if (unknown) fail_piece(i, fmt::format("must be the only piece of type unknown, but piece {} is one", *unknown));
        unknown = i;
      }
      if (type == PieceType::byte) check_byte_piece(i), ++num_bytes;
    }
    if (!unknown) fail("must have a piece of type unknown (<unk>), got none");
    if (!has_normal) fail("must have at least one piece of type normal, got none");
    if (trainer_.byte_fallback && num_bytes != 256) fail(fmt::format("byte_fallback: needs 256 byte pieces, got {}", num_bytes));
    if (trainer_.unknown_id && *trainer_.unknown_id != static_cast<int64_t>(*unknown)) {
      fail(fmt::format("trainer_spec.unk_id: must be {}, where the unknown piece is, got {}", *unknown, *trainer_.unknown_id));
    }
    unknown_ = *unknown;
  }

  void check_byte_piece(size_t index) const {
    if (!trainer_.byte_fallback) fail_piece(index, "must not be of type byte while byte_fallback is false");
    const std::string_view text = pieces_[index].text;
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
    if (text.size() != 6 || !text.starts_with("<0x") || !is_digit(text[3]) || !is_digit(text[4]) || text[5] != '>') {
      fail_piece(index, "must have the form <0xNN> as it is of type byte");
    }
  }

  /// In order of text, the prefixes of a symbol that are symbols themselves form a stack.
  void check_nested_symbols() const {
    std::vector<std::string_view> symbols;
    for (const Piece& piece : pieces_) {
      if (piece.type == PieceType::user_defined) symbols.push_back(piece.text);
    }
    std::sort(symbols.begin(), symbols.end());
    std::vector<std::string_view> prefixes;
    for (const std::string_view symbol : symbols) {
      while (!prefixes.empty() && !symbol.starts_with(prefixes.back())) prefixes.pop_back();
      prefixes.push_back(symbol);
      if (prefixes.size() > kMaxNestedPrefixes) {
        fail(fmt::format("must have at most {} user-defined symbols that begin with one another, got more at {}",
                         kMaxNestedPrefixes, quote_bytes(symbol)));
      }
    }
  }

  [[nodiscard]] SpecialTokens find_special_tokens() const {
    SpecialTokens tokens{.unknown = static_cast<int32_t>(unknown_)};
    const std::array<std::pair<std::string_view, int32_t*>, 4> wanted = {
        {{"<pad>", &tokens.pad}, {"[CLS]", &tokens.cls}, {"[SEP]", &tokens.sep}, {"[MASK]", &tokens.mask}}};
    std::vector<std::string_view> missing;
    for (const auto& [text, id] : wanted) {
      const auto found =
          std::find_if(pieces_.begin(), pieces_.end(), [&, t = text](const Piece& piece) { return piece.text == t; });
      if (found == pieces_.end()) {
        missing.push_back(text);
        continue;
      }
      const auto index = static_cast<size_t>(found - pieces_.begin());
      if (found->type != PieceType::control && found->type != PieceType::user_defined) {
        fail_piece(index, "must be of type control (3) or user-defined (4) to be a special token, got type " +
                              std::to_string(static_cast<int>(found->type)));
      }
      *id = static_cast<int32_t>(index);
    }
    if (!missing.empty()) {
      fail(
          fmt::format("must have the pieces <pad>, <unk>, [CLS], [SEP] and [MASK] of an ALBERT vocabulary, got none for {}; "
                      "train it with --pad_id=0 --unk_id=1 --bos_id=-1 --eos_id=-1 --control_symbols=[CLS],[SEP],[MASK]",
                      fmt::join(missing, ", ")));
    }
    if (trainer_.pad_id && *trainer_.pad_id >= 0 && *trainer_.pad_id != tokens.pad) {
      fail(fmt::format("trainer_spec.pad_id: must be {}, where <pad> is, got {}", tokens.pad, *trainer_.pad_id));
    }
    return tokens;
  }

  std::string_view bytes_;
  const std::string& name_;
  const protobuf::Refusal refuse_ = [this](const std::string& found) {
    fail(fmt::format("must be a SentencePiece model, got {}; the file is damaged or of another kind", found));
  };
  ParsedModel model_;
  std::vector<Piece>& pieces_ = model_.pieces;
  TrainerSpec trainer_;
  size_t num_other_fields_ = 0;
  size_t unknown_ = 0;
};

}  // namespace

ParsedModel parse_model(std::string_view bytes, const std::string& name) { return ModelChecker(bytes, name).run(); }

ModelSummary check_model(std::string_view bytes, const std::string& name) {
  const ParsedModel model = parse_model(bytes, name);
  return {.num_pieces = static_cast<int32_t>(model.pieces.size()), .special_tokens = model.special_tokens};
}

}  // namespace albert
