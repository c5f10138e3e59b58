#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/io/safetensors.h>
#include <temporary_folder.h>

#include <gmock/gmock.h>

#include <array>
#include <cstring>
#include <numeric>

namespace albert::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

constexpr std::array kAllTypes{DType::boolean, DType::f4,          DType::f6_e2m3,     DType::f6_e3m2, DType::u8,  DType::i8,
                               DType::f8_e5m2, DType::f8_e4m3,     DType::f8_e8m0,     DType::f8_e4m3fnuz,         DType::f8_e5m2fnuz,
                               DType::i16,     DType::u16,         DType::f16,         DType::bf16,    DType::i32, DType::u32,
                               DType::f32,     DType::c64,         DType::f64,         DType::i64,     DType::u64};

std::vector<std::byte> numbered_bytes(size_t size, unsigned start) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((start + i * 7) % 251);
  return bytes;
}

TEST(Safetensors, RoundTripsEveryType) {
  const TemporaryFolder folder;
  std::map<std::string, std::vector<std::byte>> storage;
  NamedArrays arrays;
  for (const DType type : kAllTypes) {
    const std::string key = "x." + std::string(name(type));
    storage[key] = numbered_bytes(8 * size_bits(type) / 8, static_cast<unsigned>(type));
    arrays[key] = {type, {2, 4}, storage[key]};
  }
  write_safetensors(folder / "a.safetensors", arrays, {{"format", "pt"}, {"note", "\"quoted\"\n\xc3\xa9"}});

  const auto file = SafetensorsFile::open(folder / "a.safetensors");
  EXPECT_EQ(file.metadata(), (SafetensorsMetadata{{"format", "pt"}, {"note", "\"quoted\"\n\xc3\xa9"}}));
  ASSERT_EQ(file.arrays().size(), kAllTypes.size());
  for (const auto& [key, array] : arrays) {
    const ArrayView& read = file.at(key);
    EXPECT_EQ(read.type, array.type) << key;
    EXPECT_EQ(read.shape, array.shape) << key;
    EXPECT_TRUE(std::ranges::equal(read.bytes, array.bytes)) << key;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(read.bytes.data()) % std::max<size_t>(1, size_bits(read.type) / 8), 0U) << key << ": our own files are aligned";
  }
}

TEST(Safetensors, KeepsScalarsAndEmptyArrays) {
  const TemporaryFolder folder;
  const auto bytes = numbered_bytes(4, 1);
  NamedArrays arrays;
  arrays["scalar"] = {DType::f32, {}, bytes};
  arrays["empty"] = {DType::f32, {3, 0, 2}, {}};
  arrays["more.empty"] = {DType::i64, {0}, {}};
  write_safetensors(folder / "a.safetensors", arrays);
  const auto file = SafetensorsFile::open(folder / "a.safetensors");
  EXPECT_TRUE(file.at("scalar").shape.empty());
  EXPECT_THAT(file.at("empty").shape, ElementsAre(3, 0, 2));
  EXPECT_EQ(file.at("more.empty").bytes.size(), 0U);
}

TEST(Safetensors, WritesNoArraysAtAll) {
  const TemporaryFolder folder;
  write_safetensors(folder / "a.safetensors", {});
  EXPECT_TRUE(SafetensorsFile::open(folder / "a.safetensors").arrays().empty());
}

TEST(Safetensors, WritesTheBytesOfTheFormat) {
  const TemporaryFolder folder;
  const std::array<float, 2> wide{1.0F, 2.0F};
  const std::array<uint8_t, 3> narrow{7, 8, 9};
  NamedArrays arrays;
  arrays["a"] = {DType::u8, {3}, std::as_bytes(std::span(narrow))};
  arrays["b"] = {DType::f32, {2, 1}, std::as_bytes(std::span(wide))};
  Xxh3Stream digest;
  {
    FileWriter writer(folder / "a.safetensors");
    write_safetensors(writer, arrays, {{"format", "pt"}}, &digest);
    writer.commit();
  }
  std::string header = R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
                       R"("a":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string expected(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(expected.data(), &length, 8);
  expected += header + std::string("\x00\x00\x80\x3f\x00\x00\x00\x40\x07\x08\x09", 11);
  EXPECT_EQ(read_file(folder / "a.safetensors"), expected);
  EXPECT_EQ(digest.digest(), xxh3_64(expected));
}

TEST(Safetensors, TheViewsSurviveAMoveOfTheFile) {
  const TemporaryFolder folder;
  const auto bytes = numbered_bytes(8, 1);
  NamedArrays arrays;
  arrays["a"] = {DType::f32, {2}, bytes};
  write_safetensors(folder / "a.safetensors", arrays);
  auto first = SafetensorsFile::open(folder / "a.safetensors");
  const SafetensorsFile second = std::move(first);
  EXPECT_TRUE(std::ranges::equal(second.at("a").bytes, bytes));
}

TEST(Safetensors, AMissingArrayIsNamed) {
  const TemporaryFolder folder;
  write_safetensors(folder / "a.safetensors", {});
  const auto file = SafetensorsFile::open(folder / "a.safetensors");
  EXPECT_THAT([&] { (void)file.at("pooler.weight"); },
              ThrowsMessage<IoError>(HasSubstr("a.safetensors: wanted tensor \"pooler.weight\", got none of that name among 0")));
}

TEST(Safetensors, TheWriterRefusesWhatTheReaderWould) {
  const TemporaryFolder folder;
  const auto bytes = numbered_bytes(8, 1);
  const auto write = [&](const NamedArrays& arrays, const SafetensorsMetadata& metadata) {
    write_safetensors(folder / "a.safetensors", arrays, metadata);
  };
  EXPECT_THAT(
      [&] {
        write({{"a", {DType::f32, {3}, bytes}}}, {});
      },
      ThrowsMessage<InternalError>(HasSubstr("\"a\": 8 bytes for [3] of F32")));
  EXPECT_THAT([&] { write({{"a", {DType::f32, {-2}, bytes}}}, {}); }, ThrowsMessage<InternalError>(HasSubstr("[-2]")));
  EXPECT_THAT(
      [&] {
        write({{"__metadata__", {DType::f32, {2}, bytes}}}, {});
      },
      ThrowsMessage<InternalError>(HasSubstr("cannot write")));
  EXPECT_THAT(
      [&] {
        write({{"a\xff", {DType::f32, {2}, bytes}}}, {});
      },
      ThrowsMessage<IoError>(HasSubstr("wanted a tensor name in UTF-8")));
  EXPECT_THAT([&] { write({}, {{"a", "\xff"}}); }, ThrowsMessage<IoError>(HasSubstr("wanted a metadata value in UTF-8")));
  NamedArrays many;
  for (size_t i = 0; i <= kMaxSafetensorsArrays; ++i) many[std::to_string(i)] = {DType::u8, {0}, {}};
  EXPECT_THAT([&] { write(many, {}); }, ThrowsMessage<IoError>(HasSubstr("wanted at most 65536 tensors")));
  SafetensorsMetadata keys;
  for (size_t i = 0; i <= kMaxSafetensorsMetadata; ++i) keys[std::to_string(i)] = "";
  EXPECT_THAT([&] { write({}, keys); }, ThrowsMessage<IoError>(HasSubstr("65536 keys of metadata")));
  EXPECT_FALSE(std::filesystem::exists(folder / "a.safetensors")) << "nothing half-written";
}

TEST(NamedTensors, ParametersAreMadeOfRealNumbersOf16BitsOrMore) {
  for (const DType type : {DType::f16, DType::bf16, DType::f32, DType::f64}) EXPECT_TRUE(is_floating(type)) << name(type);
  for (const DType type : {DType::f4, DType::f6_e2m3, DType::f8_e4m3, DType::f8_e5m2, DType::f8_e8m0, DType::f8_e4m3fnuz, DType::f8_e5m2fnuz,
                           DType::i8, DType::i32, DType::boolean, DType::c64}) {
    EXPECT_FALSE(is_floating(type)) << name(type);
  }
}

}  // namespace
}  // namespace albert::io
