#include "albert/tokenizer/model_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sentencepiece_processor.h>
#include <sys/resource.h>

#include <cmath>
#include <functional>
#include <limits>

#include "albert/base/error.h"
#include "albert/base/file.h"
#include "albert/base/random.h"
#include "albert/tokenizer/tokenizer.h"
#include "tokenizer/cpu_timer.h"
#include "tokenizer/damaged_model.h"
#include "tokenizer/model_builder.h"

namespace albert {
namespace {

using testing::bytes_field;
using testing::CpuTimer;
using testing::float_field;
using testing::little_endian;
using testing::ModelBuilder;
using testing::number_field;
using testing::varint;

const std::filesystem::path kGolden = std::filesystem::path(ALBERT_SOURCE_DIR) / "tests" / "tokenizer" / "golden";

using testing::charsmap;
using testing::charsmap_of_a;
using testing::charsmap_of_nested_rules;
using testing::kA;
using testing::offset;

std::string error_of(const std::string& bytes) {
  try {
    check_model(bytes, "x.model");
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

ModelBuilder with(const std::function<void(ModelBuilder&)>& change) {
  ModelBuilder builder;
  change(builder);
  return builder;
}
ModelBuilder with_piece(const testing::TestPiece& piece) {
  return with([&](ModelBuilder& b) { b.pieces.push_back(piece); });
}
ModelBuilder with_trainer(const std::string& fields) {
  return with([&](ModelBuilder& b) { b.trainer += fields; });
}
ModelBuilder with_charsmap(const std::string& table) {
  return with([&](ModelBuilder& b) { b.normalizer += bytes_field(2, table); });
}
ModelBuilder without_piece(const std::string& text) {
  return with([&](ModelBuilder& b) { std::erase_if(b.pieces, [&](const auto& piece) { return piece.text == text; }); });
}

struct Hostile {
  const char* name;
  std::string bytes;
  const char* expected;  ///< a part of the error
};

/// What GoogleTest lists as the parameter.
void PrintTo(const Hostile& hostile, std::ostream* stream) { *stream << hostile.name; }

std::vector<Hostile> hostile_files() {
  const std::string sound = ModelBuilder().bytes();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  std::string nested_symbol;
  const ModelBuilder nested = with([&](ModelBuilder& b) {
    for (int i = 0; i < 40; ++i) b.pieces.push_back({nested_symbol += '+', 0, testing::kUserDefined});
  });
  std::string many_samples;
  for (int i = 0; i < 200'000; ++i) many_samples += bytes_field(1, "");
  std::string many_inputs;
  for (int i = 0; i < 200'000; ++i) many_inputs += bytes_field(1, "");
  return {
      {"Empty", "", "must be a SentencePiece model, got an empty file"},
      {"Text", "this is no model", "must be a SentencePiece model"},
      {"Zeros", std::string(4096, '\0'), "an invalid field number at byte 1 of 4096"},
      {"Ones", std::string(4096, '\xff'), "a number of more than 64 bits"},
      {"CutInAPiece", sound.substr(0, 30), "a field that is longer than what is left"},
      {"CutAtTheEnd", sound.substr(0, sound.size() - 1), "a field that is longer than what is left"},
      {"TrailingByte", sound + '\x0a', "a number that is cut off"},
      {"HugeLength", varint(10) + varint(UINT64_MAX) + sound, "a field that is longer than what is left"},
      {"EndlessVarint", sound + varint(8) + std::string(20, '\x80'), "a number of more than 64 bits"},
      {"Group", sound + varint((7 << 3) | 3), "an invalid field type"},
      {"FieldNumberZero", sound + varint(2) + varint(0), "an invalid field number"},
      {"NoPieces", bytes_field(2, ""), "got no pieces"},
      {"EmptyPiece", with_piece({""}).bytes(), "piece 15 (\"\"): must not be empty"},
      {"PieceWithoutText", sound + bytes_field(1, float_field(2, 1)), "piece 15 (\"\"): must not be empty"},
      {"LongPiece", with_piece({std::string(100'000, 'a')}).bytes(), "must have at most 1024 bytes, got 100000"},
      {"LongSymbol", with_piece({std::string(100'000, 'a'), 0, testing::kUserDefined}).bytes(),
       "must have at most 1024 bytes, got 100000"},
      {"NulInAPiece", with_piece({std::string("a\0b", 3)}).bytes(), "piece 15 (\"a\\x00b\"): must not hold a NUL byte"},
      {"InvalidUtf8", with_piece({"\xc3("}).bytes(), "piece 15 (\"\\xc3(\"): must be valid UTF-8"},
      {"Surrogate", with_piece({"\xed\xa0\x80"}).bytes(), "must be valid UTF-8"},
      {"DuplicatePiece", with_piece({"\u2581the"}).bytes(), "must be unique, got the text of piece 14"},
      {"DuplicateOfAControlPiece", with_piece({"[CLS]"}).bytes(), "must be unique, got the text of piece 2"},
      {"NanScore", with_piece({"c", nan}).bytes(), "score must be in [-1e+06, 1e+06], got nan"},
      {"InfiniteScore", with_piece({"c", infinity}).bytes(), "score must be in [-1e+06, 1e+06], got inf"},
      {"HugeScore", with_piece({"c", 3e38F}).bytes(), "score must be in"},
      {"TypeZero", with_piece({"c", -1, 0}).bytes(), "type must be in 1..6, got 0"},
      {"TypeNegative", with_piece({"c", -1, UINT64_MAX}).bytes(), "type must be in 1..6"},
      {"ScoreOfAnotherType", sound + bytes_field(1, bytes_field(1, "c") + number_field(2, 1)),
       "score of piece 15: has the wrong field type"},
      {"PieceAsNumber", sound + number_field(1, 5), "pieces: has the wrong field type"},
      {"TrainerAsNumber", sound + number_field(2, 5), "trainer_spec: has the wrong field type"},
      {"NoUnknown", without_piece("<unk>").bytes(), "must have a piece of type unknown (<unk>), got none"},
      {"TwoUnknown", with_piece({"<unk2>", 0, testing::kUnknown}).bytes(),
       "must be the only piece of type unknown, but piece 1 is one"},
      {"NoNormal", with([](ModelBuilder& b) { b.pieces.resize(6); }).bytes(), "must have at least one piece of type normal"},
      {"NoMask", without_piece("[MASK]").bytes(), "got none for [MASK]; train it with --pad_id=0"},
      {"NoSpecials", with([](ModelBuilder& b) { b.pieces.erase(b.pieces.begin() + 2, b.pieces.begin() + 5); }).bytes(),
       "got none for [CLS], [SEP], [MASK]"},
      {"NormalMask", with([](ModelBuilder& b) { b.pieces[4].type = testing::kNormal; }).bytes(),
       "piece 4 (\"[MASK]\"): must be of type control (3)"},
      {"Bpe", with_trainer(number_field(3, 2)).bytes(), "model_type: must be unigram, as ALBERT's vocabularies are, got bpe"},
      {"Word", with_trainer(number_field(3, 3)).bytes(), "got word"},
      {"Char", with_trainer(number_field(3, 4)).bytes(), "got char"},
      {"UnknownModelType", with_trainer(number_field(3, 77)).bytes(), "got type 77"},
      {"SpaceAsSuffix", with_trainer(number_field(24, 1)).bytes(), "treat_whitespace_as_suffix: must be false"},
      {"UnknownIdOutside", with_trainer(number_field(40, 99)).bytes(), "trainer_spec.unk_id: must be in [-1, 15), got 99"},
      {"UnknownIdElsewhere", with_trainer(number_field(40, 3)).bytes(),
       "trainer_spec.unk_id: must be 1, where the unknown piece is, got 3"},
      {"PadIdElsewhere", with_trainer(number_field(43, 3)).bytes(), "trainer_spec.pad_id: must be 0, where <pad> is, got 3"},
      {"NegativeId", with_trainer(number_field(41, static_cast<uint64_t>(-5))).bytes(),
       "trainer_spec.bos_id: must be in [-1, 15), got -5"},
      {"TwoTrainers", sound + bytes_field(2, ""), "trainer_spec: stands there twice"},
      {"TwoNormalizers", sound + bytes_field(3, ""), "normalizer_spec: stands there twice"},
      {"BytePieceWithoutFallback", with_piece({"<0x41>", 0, testing::kByte}).bytes(),
       "must not be of type byte while byte_fallback is false"},
      {"FallbackWithoutBytes", with_trainer(number_field(35, 1)).bytes(), "byte_fallback: needs 256 byte pieces, got 0"},
      {"BytePieceWithAnotherText", with([](ModelBuilder& b) {
                                     b.trainer += number_field(35, 1);
                                     b.pieces.push_back({"<0xZZ>", 0, testing::kByte});
                                   }).bytes(),
       "must have the form <0xNN>"},
      {"NestedSymbols", nested.bytes(), "must have at most 32 user-defined symbols that begin with one another"},
      {"ManySelfTests", with([&](ModelBuilder& b) { b.extra = bytes_field(4, many_samples); }).bytes(),
       "fields besides the pieces"},
      {"LongSelfTest",
       with([](ModelBuilder& b) { b.extra = bytes_field(4, bytes_field(1, bytes_field(1, std::string(2 << 20, 'a')))); }).bytes(),
       "self_test_data: must have at most"},
      {"ManyInputs", with_trainer(many_inputs).bytes(), "must have at most 100000 fields besides the pieces"},
      {"ShortCharsmap", with_charsmap("abc").bytes(),
       "normalizer_spec: must be a compiled SentencePiece normalisation table, got only 3 bytes"},
      {"CharsmapWithAHugeTrie", with_charsmap(little_endian(0xFFFFFFF0) + "abcd").bytes(),
       "got a trie of 4294967280 bytes in a table of 8"},
      {"CharsmapWithoutATrie", with_charsmap(little_endian(0) + "abcd").bytes(), "a trie of 0 bytes"},
      {"CharsmapOfOddSize", with_charsmap(little_endian(1026) + std::string(2000, 'a')).bytes(),
       "a trie of 1026 bytes, no multiple of 1024"},
      {"CharsmapThatLeavesItsArray", with_charsmap(charsmap({{kA, 'a' | offset(1U << 20U)}}, std::string(1, '\0'))).bytes(),
       "a trie that points out of its array"},
      {"CharsmapWithARootOutside", with_charsmap(charsmap({{0, offset(4096)}}, std::string(1, '\0'))).bytes(),
       "a trie that points out of its array"},
      {"CharsmapInACircle", with_charsmap(charsmap({{kA, 'a' | offset('a')}}, std::string(1, '\0'))).bytes(),
       "a trie that runs in a circle"},
      {"CharsmapWithALeafOutside", with_charsmap(charsmap_of_a(5000, std::string(1, '\0'))).bytes(),
       "a rule that points behind the replacements"},
      {"CharsmapWithoutAnEnd", with_charsmap(charsmap_of_a(0, "abc")).bytes(), "or without an end"},
      {"CharsmapThatBlowsUp", with_charsmap(charsmap_of_a(0, std::string(5000, 'a') + '\0')).bytes(),
       "a replacement of more than 256 bytes"},
      {"CharsmapThatIsNoUtf8", with_charsmap(charsmap_of_a(0, std::string("\xff\0", 2))).bytes(),
       "a replacement that is not UTF-8: \"\\xff\""},
      {"NestedRules", with_charsmap(charsmap_of_nested_rules(33)).bytes(), "more than 32 rules that begin with one another"},
      {"HugeCharsmap", with_charsmap(std::string(5 << 20, '\0')).bytes(), "more than 4194304"},
      {"BadDenormalizer", with([](ModelBuilder& b) { b.extra = bytes_field(5, bytes_field(2, "abc")); }).bytes(),
       "denormalizer_spec: must be a compiled"},
  };
}

class HostileModel : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileModel, IsRefusedWithOneClearLine) {
  const CpuTimer timer;
  const std::string error = error_of(GetParam().bytes);
  EXPECT_THAT(error, ::testing::StartsWith("x.model: "));
  EXPECT_THAT(error, ::testing::HasSubstr(GetParam().expected));
  EXPECT_EQ(error.find('\n'), std::string::npos);
  EXPECT_LT(error.size(), 400U);
  EXPECT_LT(timer.seconds(), 1);
}
INSTANTIATE_TEST_SUITE_P(All, HostileModel, ::testing::ValuesIn(hostile_files()),
                         [](const auto& hostile) { return std::string(hostile.param.name); });

TEST(ModelCheck, AcceptsASoundModel) {
  const ModelSummary summary = check_model(ModelBuilder().bytes(), "x.model");
  EXPECT_EQ(summary.num_pieces, 15);
  EXPECT_EQ(summary.special_tokens, SpecialTokens{});
}

TEST(ModelCheck, AcceptsSpecialTokensAtOtherIds) {
  ModelBuilder builder;
  std::reverse(builder.pieces.begin(), builder.pieces.end());
  builder.trainer = "";
  EXPECT_EQ(check_model(builder.bytes(), "x.model").special_tokens,
            (SpecialTokens{.pad = 14, .unknown = 13, .cls = 12, .sep = 11, .mask = 10}));
}

TEST(ModelCheck, AcceptsASoundCharsmapAndFollowsIt) {
  const std::string table = charsmap_of_a(0, std::string("b\0", 2));
  const auto tokenizer = Tokenizer::from_bytes(with_charsmap(table).bytes(), {}, "x.model");
  EXPECT_EQ(tokenizer.encode_as_pieces("ab"), (std::vector<std::string>{"\u2581", "b", "b"}));
}

TEST(ModelCheck, AcceptsAsManyNestedRulesAsSentencePieceCollects) {
  const auto tokenizer = Tokenizer::from_bytes(with_charsmap(charsmap_of_nested_rules(32)).bytes(), {}, "x.model");
  EXPECT_EQ(tokenizer.encode_as_pieces(std::string(33, 'a')), (std::vector<std::string>{"\u2581", "b", "b"}));
}

TEST(ModelCheck, RefusesMillionsOfPiecesQuickly) {
  std::string bytes;
  for (int i = 0; i < 10'000'000; ++i)
    bytes += std::string_view(
        "\x0a\x03\x0a\x01"
        "a",
        5);
  const CpuTimer timer;
  EXPECT_EQ(error_of(bytes), "x.model: must have at most 1000000 pieces");
  EXPECT_LT(timer.seconds(), 1);
}

TEST(ModelCheck, RefusesAFileOverTheLimit) {
  EXPECT_EQ(error_of(std::string(kMaxModelBytes + 1, 'a')),
            fmt::format("x.model: must have at most {} bytes, got {}", kMaxModelBytes, kMaxModelBytes + 1));
}

const std::vector<std::string> kTexts = {"the ab-ab 1, 12, \u00e9\u0301 \u4e2d 23,", "\U0001f600--->[MASK] 7,4 5, in 2001, 2004.",
                                         std::string(300, 'a'), std::string("\0\xff\xe2\x82 \u2581", 8)};

/// Returns how many mutated models passed the check; each of them must encode with our code, and load and encode with
/// SentencePiece.
int fuzz(const std::string& model, uint64_t seed, int rounds) {
  int passed = 0;
  for (int i = 0; i < rounds; ++i) {
    RandomStream random(seed, "mutations", static_cast<uint64_t>(i));
    const std::string bytes = testing::mutated(model, random);
    try {
      const auto tokenizer = Tokenizer::from_bytes(bytes, {.lower_case = false}, "x.model");
      for (const std::string& text : kTexts) {
        for (const int32_t id : tokenizer.encode(text)) ALBERT_CHECK(id >= 0 && id < tokenizer.vocab_size(), "bad id {}", id);
      }
    } catch (const DataError&) {
      continue;
    }
    ++passed;
    sentencepiece::SentencePieceProcessor processor;
    const auto status = processor.LoadFromSerializedProto(bytes);
    ALBERT_CHECK(status.ok(), "SentencePiece refuses mutation {}: {}", i, status.message());
    std::vector<int> ids;
    for (const std::string& text : kTexts)
      ALBERT_CHECK(processor.Encode(text, &ids).ok(), "SentencePiece cannot encode with mutation {}", i);
  }
  return passed;
}

[[noreturn]] void fuzz_and_exit(const std::string& model, uint64_t seed, int rounds, int at_least_passed) {
  const rlimit seconds{.rlim_cur = 60, .rlim_max = 60};
  setrlimit(RLIMIT_CPU, &seconds);
  const int passed = fuzz(model, seed, rounds);
  fmt::print(stderr, "{} passed", passed);
  std::exit(passed >= at_least_passed ? 0 : 1);
}

/// In a process of its own: a crash inside SentencePiece fails the test and not the whole binary.
void expect_harmless(const std::string& model, uint64_t seed, int rounds, int at_least_passed) {
  EXPECT_EXIT(fuzz_and_exit(model, seed, rounds, at_least_passed), ::testing::ExitedWithCode(0), "passed");
}

TEST(ModelCheckFuzz, LetsOnlyHarmlessMutationsOfASmallModelThrough) { expect_harmless(ModelBuilder().bytes(), 1, 12'000, 300); }
TEST(ModelCheckFuzz, LetsOnlyHarmlessMutationsOfAHandMadeModelThrough) {
  expect_harmless(read_file(kGolden / "strip.model"), 2, 6'000, 150);
}
TEST(ModelCheckFuzz, LetsOnlyHarmlessMutationsOfAByteModelThrough) {
  expect_harmless(read_file(kGolden / "bytes.model"), 3, 1'500, 20);
}
TEST(ModelCheckFuzz, LetsOnlyHarmlessMutationsOfATrainedModelThrough) {
  expect_harmless(read_file(kGolden / "tiny.model"), 4, 600, 15);
}

}  // namespace
}  // namespace albert
