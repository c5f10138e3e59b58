// Random damage to `spiece.model`, and the costliest ones: a summary or a DataError, in little memory and time.
#include "albert/tokenizer/model_check.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <vector>

#include "albert/base/error.h"
#include "albert/base/file.h"
#include "measured_cost.h"
#include "tokenizer/damaged_model.h"
#include "tokenizer/model_builder.h"

namespace albert {
namespace {

using testing::bytes_field;
using testing::ModelBuilder;

bool passes(const std::string& bytes) {
  try {
    (void)check_model(bytes, "x.model");
    return true;
  } catch (const DataError&) {
    return false;
  }
}

std::array<std::string, 4> sound_models() {
  const auto golden = std::filesystem::path(ALBERT_SOURCE_DIR) / "tests/tokenizer/golden";
  ModelBuilder nested;
  nested.normalizer += bytes_field(2, testing::charsmap_of_nested_rules(32));
  return {ModelBuilder().bytes(), nested.bytes(), read_file(golden / "strip.model"), read_file(golden / "bytes.model")};
}

/// 5,000 in the suite, a million with the label slow. Any exception but DataError, a crash or the sanitizer fails the test.
TEST(SpieceFuzz, RandomDamageNeverDoesMoreThanThrow) {
  const uint64_t count = testing::num_fuzzed_files(5'000);
  const auto models = sound_models();
  testing::CostWatch watch;
  uint64_t passed = 0;
  for (uint64_t i = 0; i < count; ++i) {
    RandomStream random(1, "spiece fuzz", i);
    const std::string bytes = testing::mutated(models[random.below(models.size())], random);
    ASSERT_TRUE(watch.run(bytes.size(), [&] { passed += passes(bytes) ? 1U : 0U; })) << "model " << i;
  }
  EXPECT_GT(passed, count / 100) << "some damage should be harmless";
  EXPECT_LT(passed, count / 2) << "most damage should be noticed";
  std::printf("%lu models, %lu passed, at most %zu bytes and %.4f s for one\n", count, passed, watch.most_bytes(), watch.longest_seconds());
}

std::string pieces(size_t count, const std::function<std::string(size_t)>& text) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += bytes_field(1, bytes_field(1, text(i)));
  return bytes;
}

/// A table whose trie is one path through all of its cells.
std::string longest_path() {
  constexpr uint32_t kBlocks = 3'800;  // of 256 cells
  std::string table = testing::little_endian(kBlocks * 1024);
  for (uint32_t cell = 0; cell < kBlocks * 256; ++cell) {
    const bool is_root_or_way = cell % 256 == 1 || cell == 0;
    table += testing::little_endian(is_root_or_way ? testing::offset(256) | (cell == 0 ? 0U : 1U) : 0x80000000U);
  }
  return table + '\0';
}

TEST(SpieceFuzz, TheCostliestModelsStayWithinTheBounds) {
  const auto base_26 = [](size_t i) {
    std::string text;
    for (int digit = 0; digit < 5; ++digit, i /= 26) text += static_cast<char>('a' + i % 26);
    return text;
  };
  ModelBuilder with_path;
  with_path.normalizer += bytes_field(2, longest_path());
  const std::vector<std::string> models{
      pieces(kMaxPieces, [](size_t) { return std::string("a"); }),
      pieces((size_t{1} << 19U) + 1, [](size_t) { return std::string("a"); }),
      pieces(kMaxPieces, base_26),
      pieces(60'000, [&](size_t i) { return std::string(kMaxPieceBytes - 5, 'x') + base_26(i); }),
      with_path.bytes(),
  };
  for (size_t i = 0; i < models.size(); ++i) {
    testing::CostWatch watch;
    EXPECT_TRUE(watch.run(models[i].size(), [&] { (void)passes(models[i]); })) << "model " << i;
    std::printf("model %zu: %zu bytes take %zu bytes and %.2f s\n", i, models[i].size(), watch.most_bytes(), watch.longest_seconds());
  }
}

}  // namespace
}  // namespace albert
