// Random damage to the headers of safetensors, and the costliest headers: tensors or an IoError, in little memory and time.
#include "damaged_safetensors.h"

#include <albert/base/error.h>
#include <albert/io/safetensors.h>

#include <gtest/gtest.h>
#include "measured_cost.h"

#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace albert::io {
namespace {

bool is_accepted(std::span<const std::byte> bytes) {
  try {
    (void)parse_safetensors(bytes, "x");
    return true;
  } catch (const IoError&) {
    return false;
  }
}

/// 200,000 in the suite, ten million with the label slow. Any exception but IoError, a crash or the sanitizer fails the test.
TEST(SafetensorsFuzz, RandomDamageNeverDoesMoreThanThrow) {
  const uint64_t count = testing::num_fuzzed_files(200'000);
  testing::CostWatch watch;
  uint64_t accepted = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string file = testing::damaged_safetensors(i);
    // The copy on the heap has no spare byte, so that the sanitizer sees a step over its end.
    const std::vector<std::byte> copy(reinterpret_cast<const std::byte*>(file.data()),
                                      reinterpret_cast<const std::byte*>(file.data()) + file.size());
    ASSERT_TRUE(watch.run(file.size(), [&] { accepted += is_accepted(copy) ? 1U : 0U; })) << "file " << i;
  }
  EXPECT_GT(accepted, count / 50) << "damage that is always seen at once tests little";
  EXPECT_LT(accepted, count / 2);
  std::printf("%lu files, %lu accepted, at most %zu bytes and %.4f s for one\n", count, accepted, watch.most_bytes(), watch.longest_seconds());
}

/// A file whose header repeats `part` up to the cap of a header.
std::string repeated(std::string_view begin, std::string_view part, std::string_view end) {
  uint64_t length = 0;
  std::string file(sizeof length, '\0');
  file += begin;
  while (file.size() + part.size() + end.size() < kMaxSafetensorsHeaderBytes) file += part;
  file += end;
  length = file.size() - sizeof length;
  std::memcpy(file.data(), &length, sizeof length);
  return file;
}

TEST(SafetensorsFuzz, TheCostliestHeadersStayWithinTheBounds) {
  constexpr std::string_view kRest = "0],\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}";
  constexpr std::string_view kUnknown = "{\"a\":{\"x\":[";
  const std::string digits(800, '9');
  constexpr std::string_view kMetadataEnd = "\"}}";
  const std::vector<std::pair<std::string, bool>> files{
      {repeated(kUnknown, "9007199254740993.00000000000000001e-290,", kRest), true},
      {repeated(kUnknown, digits + "e-600,", kRest), true},
      {repeated(kUnknown, "\"\xf4\x8f\xbf\xbf\xe2\x82\xac\\u00e9 and so on\",", kRest), true},
      {repeated(kUnknown, " ", kRest), true},
      {repeated("{\"__metadata__\":{\"a\":\"", "\\u00e9", kMetadataEnd), true},
      {repeated("{\"__metadata__\":{\"a\":\"", "\\n", kMetadataEnd), true},
      {repeated(kUnknown, "1e299,", kRest), false},
      {repeated(kUnknown, "0,", kRest), false},
      {repeated(kUnknown, "[],", kRest), false},
      {repeated(kUnknown, "\"\",", kRest), false},
      {repeated("{", R"("a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)", R"("b":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})"), false},
      {repeated("{\"__metadata__\":{", R"("a":"",)", R"("b":""}})"), false},
  };
  for (size_t i = 0; i < files.size(); ++i) {
    const auto bytes = std::as_bytes(std::span(files[i].first));
    testing::CostWatch watch;
    bool accepted = false;
    EXPECT_TRUE(watch.run(bytes.size(), [&] { accepted = is_accepted(bytes); })) << "file " << i;
    EXPECT_EQ(accepted, files[i].second) << "file " << i;
    std::printf("file %zu: %zu bytes and %.2f s\n", i, watch.most_bytes(), watch.longest_seconds());
  }
}

}  // namespace
}  // namespace albert::io
