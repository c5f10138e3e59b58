// The examples of protobuf's own page on its wire format.
#include "convert/proto_message.h"

#include <albert/base/error.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

namespace albert {
namespace {

std::string written(const ProtoMessage& message) {
  std::string result;
  message.write(
      [&](std::span<const std::byte> bytes) { result.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()); });
  EXPECT_EQ(result.size(), message.size_bytes());
  return result;
}

TEST(ProtoMessage, WritesNumbersAsVarints) {
  ProtoMessage message;
  message.add_number(1, 150);
  message.add_number(2, -1);
  EXPECT_EQ(written(message), std::string("\x08\x96\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

TEST(ProtoMessage, WritesTextAndFloats) {
  ProtoMessage message;
  message.add_text(2, "testing");
  message.add_float(4, 1.0F);
  EXPECT_EQ(written(message), std::string("\x12\x07testing\x25\x00\x00\x80\x3f", 14));
}

TEST(ProtoMessage, WritesPackedNumbersUnderHighFields) {
  ProtoMessage message;
  message.add_numbers(20, std::array<int64_t, 3>{3, 270, 86942});
  EXPECT_EQ(written(message), std::string("\xa2\x01\x06\x03\x8e\x02\x9e\xa7\x05"));
}

TEST(ProtoMessage, MakesLongContentsWhenItIsWritten) {
  int made = 0;
  ProtoMessage inner;
  inner.add_number(1, 150);
  inner.add_bytes(9, 3, [&] {
    ++made;
    return std::vector<std::byte>(3, std::byte{'x'});
  });
  inner.add_number(2, 1);
  ProtoMessage outer;
  outer.add_text(1, "a");
  outer.add_message(3, std::move(inner));
  EXPECT_EQ(made, 0);
  EXPECT_EQ(written(outer), std::string("\x0a\x01"
                                        "a\x1a\x0a\x08\x96\x01\x4a\x03xxx\x10\x01"));
  EXPECT_EQ(made, 1);
}

TEST(ProtoMessage, RefusesContentsOfAnotherSize) {
  ProtoMessage message;
  message.add_bytes(9, 4, [] { return std::vector<std::byte>(3); });
  EXPECT_THROW(message.write([](std::span<const std::byte>) {}), InternalError);
}

}  // namespace
}  // namespace albert
