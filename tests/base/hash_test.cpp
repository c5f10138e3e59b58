#include <albert/base/hash.h>

#include <gtest/gtest.h>

namespace albert {
namespace {

TEST(Hash, EqualsPublishedValues) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2
  EXPECT_EQ(to_hex(xxh3_64("")), "2d06800538d394c2");                                               // xxHash's own test vector
}

TEST(Hash, StreamEqualsOneShot) {
  const std::string text(100'000, 'q');
  Xxh3Stream stream;
  for (size_t i = 0; i < text.size(); i += 777) stream.update(std::as_bytes(std::span(text).subspan(i, std::min<size_t>(777, text.size() - i))));
  EXPECT_EQ(stream.digest(), xxh3_64(text));
}

TEST(Crc32c, EqualsTheVectorsOfRfc3720) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
}

/// Bit by bit, from the definition.
uint32_t slow_crc32c(std::string_view text) {
  uint32_t value = ~0U;
  for (const char byte : text) {
    value ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) * 0x82F63B78U);
  }
  return ~value;
}

TEST(Crc32c, IsTheSameForEveryLengthAndAlignment) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += static_cast<char>(i * 37);
  for (size_t begin = 0; begin < 9; ++begin) {
    for (size_t length = 0; begin + length <= text.size(); ++length) {
      const std::string_view part = std::string_view(text).substr(begin, length);
      EXPECT_EQ(crc32c(part), slow_crc32c(part)) << begin << " " << length;
    }
  }
}

TEST(Crc32c, IsMaskedAsTensorFlowDoes) { EXPECT_EQ(mask_crc32c(0x00008001U), 0xA284EAD9U); }

}  // namespace
}  // namespace albert
