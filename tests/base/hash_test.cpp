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

}  // namespace
}  // namespace albert
