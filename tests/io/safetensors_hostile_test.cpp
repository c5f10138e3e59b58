// Files that no writer makes: each must end in one IoError that says what is wrong.
#include "damaged_safetensors.h"

#include <albert/base/error.h>
#include <albert/io/safetensors.h>

#include <gmock/gmock.h>

#include <cstring>
#include <span>

namespace albert::io {
namespace {

using ::testing::HasSubstr;

std::string length_prefix(uint64_t length) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes;
}

std::string file_of(const std::string& header, size_t data_bytes) {
  return length_prefix(header.size()) + header + std::string(data_bytes, 'd');
}

/// The error text, or "" where the bytes are accepted. The copy on the heap has no spare byte, so that the sanitizer sees a step
/// over its end.
std::string error_of(const std::string& bytes) {
  const std::vector<std::byte> copy(reinterpret_cast<const std::byte*>(bytes.data()),
                                    reinterpret_cast<const std::byte*>(bytes.data()) + bytes.size());
  try {
    (void)parse_safetensors(copy, "x");
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

std::string tensor(const std::string& fields) { return "{\"a\":{" + fields + "}}"; }
std::string of(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return "{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}
std::string with_shape(const std::string& shape) { return "{\"a\":" + of("\"F32\"", shape, "[0,8]") + "}"; }
std::string with_offsets(const std::string& offsets) { return "{\"a\":" + of("\"F32\"", "[2]", offsets) + "}"; }
std::string pair(const std::string& a, const std::string& b) {
  return "{\"a\":" + of("\"F32\"", "[2]", a) + ",\"b\":" + of("\"F32\"", "[2]", b) + "}";
}

std::string many_tensors(size_t count) {
  std::string header = "{";
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) header += ',';
    header += "\"" + std::to_string(i) + "\":" + of("\"U8\"", "[0]", "[0,0]");
  }
  return header + "}";
}

std::string many_keys(size_t count) {
  std::string header = "{\"__metadata__\":{";
  for (size_t i = 0; i < count; ++i) header += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":\"\"";
  return header + "}}";
}

std::string nested(int depth) {
  return std::string(static_cast<size_t>(depth), '[') + std::string(static_cast<size_t>(depth), ']');
}

struct Hostile {
  std::string what;
  std::string bytes;
  std::string expected;
};

std::vector<Hostile> broken_lengths() {
  return {
      {"empty file", "", "x: wanted at least 8 bytes, got 0; not a safetensors file"},
      {"seven bytes", "1234567", "wanted at least 8 bytes, got 7"},
      {"header length 0", length_prefix(0), "wanted a header that begins with {, got \"\""},
      {"header length 2^63", length_prefix(uint64_t{1} << 63U) + "{}",
       "wanted a header of at most 100000000 bytes, got 9223372036854775808"},
      {"header length 2^64-1", length_prefix(UINT64_MAX) + "{}", "got 18446744073709551615"},
      {"header length over the cap", length_prefix(kMaxSafetensorsHeaderBytes + 1) + "{}",
       "at most 100000000 bytes, got 100000001"},
      {"header longer than the file", length_prefix(3) + "{}", "wanted a header of 3 bytes, got 2; the file is cut short"},
      {"header longer than an empty rest", length_prefix(1), "wanted a header of 1 bytes, got 0"},
  };
}

std::vector<Hostile> broken_json() {
  const std::string ok = of("\"F32\"", "[2]", "[0,8]");
  return {
      {"not an object", file_of("[]", 0), "begins with {, got \"[\""},
      {"white space alone", file_of(" \n", 0), "begins with {, got \" \""},
      {"byte order mark", file_of("\xef\xbb\xbf{}", 0), "begins with {"},
      {"unclosed", file_of("{\"a\":", 0), "wanted a JSON header, got bad JSON or UTF-8"},
      {"text after the object", file_of("{} x", 0), "bad JSON or UTF-8"},
      {"second object", file_of("{}{}", 0), "bad JSON or UTF-8"},
      {"NUL after the object", file_of(std::string("{}\0", 3), 0), "bad JSON or UTF-8 at its byte 2"},
      {"trailing comma", file_of("{\"a\":" + ok + ",}", 8), "bad JSON or UTF-8"},
      {"single quotes", file_of("{'a':1}", 0), "bad JSON or UTF-8"},
      {"100000 deep arrays in a shape", file_of(with_shape(std::string(100'000, '[')), 8), "non-negative integers, got an array"},
      {"100000 deep objects",
       file_of(
           [] {
             std::string deep;
             for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
             return deep;
           }(),
           0),
       "wanted JSON nested at most 127 deep, got more at byte 635 of the header"},
      {"name is not UTF-8", file_of("{\"\xff\":" + ok + "}", 8), "bad JSON or UTF-8"},
      {"name is an overlong encoding", file_of("{\"\xc0\xaf\":" + ok + "}", 8), "bad JSON or UTF-8"},
      {"name is half a surrogate pair", file_of("{\"\\ud800\":" + ok + "}", 8), "bad JSON or UTF-8"},
      {"name with a raw newline", file_of("{\"a\nb\":" + ok + "}", 8), "bad JSON or UTF-8"},
      {"metadata is not UTF-8", file_of("{\"__metadata__\":{\"k\":\"\xfe\"}}", 0), "bad JSON or UTF-8"},
      {"metadata twice", file_of("{\"__metadata__\":{},\"__metadata__\":{}}", 0), "got \"__metadata__\" twice"},
      {"metadata is a list", file_of("{\"__metadata__\":[]}", 0), "wanted __metadata__ to be an object, got an array"},
      {"metadata value is a number", file_of("{\"__metadata__\":{\"k\":1}}", 0),
       "wanted a string for \"k\" of __metadata__, got 1"},
      {"metadata value is nested", file_of("{\"__metadata__\":{\"k\":{}}}", 0),
       "wanted a string for \"k\" of __metadata__, got an object"},
      {"tensor is a number", file_of("{\"a\":1}", 0), "tensor \"a\": wanted an object, got 1"},
      {"tensor is null", file_of("{\"a\":null}", 0), "tensor \"a\": wanted an object, got null"},
      {"65537 keys of metadata", file_of(many_keys(kMaxSafetensorsMetadata + 1), 0), "wanted at most 65536 keys in __metadata__, got more"},
      {"65537 tensors", file_of(many_tensors(kMaxSafetensorsArrays + 1), 0), "wanted at most 65536 tensors, got more"},
  };
}

std::vector<Hostile> broken_fields() {
  return {
      {"more values than any model needs",
       file_of(tensor("\"x\":[" +
                      [] {
                        std::string numbers;
                        for (int i = 0; i < 5'000'000; ++i) numbers += "0,";
                        return numbers;
                      }() +
                      "0]"),
               8),
       "wanted fewer values in the header, got more than any model needs"},
      {"no dtype", file_of(tensor("\"shape\":[2],\"data_offsets\":[0,8]"), 8), "tensor \"a\": wanted dtype, got none"},
      {"no shape", file_of(tensor("\"dtype\":\"F32\",\"data_offsets\":[0,8]"), 8), "wanted shape, got none"},
      {"no offsets", file_of(tensor("\"dtype\":\"F32\",\"shape\":[2]"), 8), "wanted data_offsets, got none"},
      {"list of two", file_of("{\"a\":[\"F32\",[2]]}", 8), "wanted [dtype, shape, data_offsets] or an object, got an array of another length"},
      {"list of four", file_of("{\"a\":[\"F32\",[2],[0,8],1]}", 8), "got an array of another length"},
      {"unknown field with a number out of range", file_of(tensor("\"x\":-1e400"), 8), "a number out of range"},
      {"unknown field 126 deep", file_of(tensor("\"x\":" + nested(126)), 8), "wanted JSON nested at most 127 deep"},
      {"unknown field with a bad word", file_of(tensor("\"x\":[true,nul]"), 8), "bad JSON or UTF-8"},
      {"dtype twice", file_of(tensor("\"dtype\":\"F32\",\"dtype\":\"F32\""), 8), "wanted each key once, got \"dtype\" twice"},
      {"shape twice", file_of(tensor("\"shape\":[1],\"shape\":[1]"), 8), "got \"shape\" twice"},
      {"offsets twice", file_of(tensor("\"data_offsets\":[0,8],\"data_offsets\":[0,8]"), 8), "got \"data_offsets\" twice"},
      {"unknown dtype", file_of("{\"a\":" + of("\"F33\"", "[2]", "[0,8]") + "}", 8), "wanted a dtype that this build reads"},
      {"lower-case dtype", file_of("{\"a\":" + of("\"f32\"", "[2]", "[0,8]") + "}", 8), "got \"f32\""},
      {"dtype is an empty object", file_of("{\"a\":" + of("{}", "[2]", "[0,8]") + "}", 8), "wanted dtype to be a string, got an object"},
      {"dtype with content", file_of("{\"a\":" + of("{\"F32\":{}}", "[2]", "[0,8]") + "}", 8), "wanted dtype to be a string, got an object"},
      {"half a byte", file_of("{\"a\":" + of("\"F4\"", "[3]", "[0,2]") + "}", 2), "wanted whole bytes, got 12 bits for [3] of F4"},
      {"dtype is a number", file_of("{\"a\":" + of("32", "[2]", "[0,8]") + "}", 8), "wanted dtype to be a string, got 32"},
      {"dtype is a list", file_of("{\"a\":" + of("[]", "[2]", "[0,8]") + "}", 8), "wanted dtype to be a string, got an array"},
      {"shape is a number", file_of(with_shape("2"), 8), "wanted shape to be an array, got 2"},
      {"shape is an object", file_of(with_shape("{}"), 8), "wanted shape to be an array, got an object"},
      {"negative dimension", file_of(with_shape("[-2]"), 8), "wanted dimensions that are non-negative integers, got -2"},
      {"fractional dimension", file_of(with_shape("[2.0]"), 8), "non-negative integers, got 2.0"},
      {"exponent in a dimension", file_of(with_shape("[2e0]"), 8), "non-negative integers, got 2e0"},
      {"minus zero", file_of(with_shape("[-0]"), 8), "non-negative integers, got -0"},
      {"dimension out of a double's range", file_of(with_shape("[1e999]"), 8), "a number out of range"},
      {"dimension 2^63", file_of(with_shape("[9223372036854775808]"), 8), "wanted a dimension below 2^63"},
      {"dimension 2^64", file_of(with_shape("[18446744073709551616]"), 8), "non-negative integers"},
      {"dimension is text", file_of(with_shape("[\"2\"]"), 8), "got a string"},
      {"dimension is null", file_of(with_shape("[null]"), 8), "non-negative integers, got null"},
      {"dimension is true", file_of(with_shape("[true]"), 8), "non-negative integers, got true"},
      {"65 dimensions",
       file_of(with_shape("[2" +
                          [] {
                            std::string ones;
                            for (int i = 0; i < 64; ++i) ones += ",1";
                            return ones;
                          }() +
                          "]"),
               8),
       "wanted at most 64 dimensions, got more"},
      {"product of the shape overflows", file_of(with_shape("[4294967296,4294967296]"), 8),
       "wanted a shape that fits in 64 bits"},
      {"product times the element size overflows", file_of(with_shape("[4611686018427387904]"), 8),
       "wanted a shape that fits in 64 bits"},
      {"product wraps to the right size", file_of(with_shape("[4611686018427387906]"), 8), "wanted a shape that fits in 64 bits"},
      {"shape too small", file_of(with_shape("[1]"), 8), "wanted 4 bytes for [1] of F32, got 8"},
      {"shape too large", file_of(with_shape("[3]"), 8), "wanted 12 bytes for [3] of F32, got 8"},
      {"scalar with too many bytes", file_of(with_shape("[]"), 8), "wanted 4 bytes for [] of F32, got 8"},
  };
}

std::vector<Hostile> broken_offsets() {
  return {
      {"one offset", file_of(with_offsets("[0]"), 8), "wanted data_offsets of 2 integers, got 1"},
      {"no offset", file_of(with_offsets("[]"), 8), "wanted data_offsets of 2 integers, got 0"},
      {"three offsets", file_of(with_offsets("[0,8,8]"), 8), "wanted data_offsets of 2 integers, got more"},
      {"offsets as an object", file_of(with_offsets("{}"), 8), "wanted data_offsets to be an array, got an object"},
      {"negative offset", file_of(with_offsets("[-8,0]"), 8), "wanted data_offsets that are non-negative integers, got -8"},
      {"fractional offset", file_of(with_offsets("[0,8.5]"), 8), "non-negative integers, got 8.5"},
      {"reversed offsets", file_of(with_offsets("[8,0]"), 8), "wanted data_offsets in ascending order, got [8, 0]"},
      {"end behind the file", file_of(with_offsets("[0,8]"), 7), "inside the 7 bytes of data, got [0, 8]; the file is cut short"},
      {"offsets near 2^64", file_of(with_offsets("[18446744073709551608,18446744073709551615]"), 8),
       "inside the 8 bytes of data"},
      {"hole at the start", file_of(with_offsets("[8,16]"), 16),
       "wanted its data to begin at 0, where the one before ends, got 8 (a hole)"},
      {"hole between two", file_of(pair("[0,8]", "[12,20]"), 20),
       "tensor \"b\": wanted its data to begin at 8, where the one before ends, got 12 (a hole)"},
      {"overlap", file_of(pair("[0,8]", "[4,12]"), 12),
       "tensor \"b\": wanted its data to begin at 8, where the one before ends, got 4 (they overlap)"},
      {"same bytes twice", file_of(pair("[0,8]", "[0,8]"), 8), "got 0 (they overlap)"},
      {"one trailing byte", file_of(with_offsets("[0,8]"), 9), "wanted 8 bytes of data after the header, got 9 (1 trailing)"},
      {"data without tensors", file_of("{}", 4), "wanted 0 bytes of data after the header, got 4 (4 trailing)"},
  };
}

void expect_refused(const std::vector<Hostile>& table) {
  for (const Hostile& hostile : table) {
    const std::string error = error_of(hostile.bytes);
    EXPECT_THAT(error, HasSubstr(hostile.expected)) << hostile.what;
    EXPECT_TRUE(error.starts_with("x: ")) << hostile.what << ": " << error;
    for (const char c : error) EXPECT_TRUE(c >= ' ' && c <= '~') << hostile.what;
  }
}

TEST(SafetensorsHostile, LengthsAreRefused) { expect_refused(broken_lengths()); }
TEST(SafetensorsHostile, HeadersAreRefused) { expect_refused(broken_json()); }
TEST(SafetensorsHostile, FieldsAreRefused) { expect_refused(broken_fields()); }
TEST(SafetensorsHostile, OffsetsAreRefused) { expect_refused(broken_offsets()); }

TEST(SafetensorsHostile, WhatTheFormatAllowsIsAccepted) {
  EXPECT_EQ(error_of(file_of("{}", 0)), "");
  EXPECT_EQ(error_of(file_of("\t\n {}  \r\n  ", 0)), "") << "padding on both sides";
  EXPECT_EQ(error_of(file_of(pair("[8,16]", "[0,8]"), 16)), "") << "any order of names";
  EXPECT_EQ(error_of(file_of("{ \"a\" : {\"data_offsets\":[0,1],\"shape\":[1],\"dtype\":\"U8\"} }", 1)), "")
      << "spaces, any order of fields";
  EXPECT_EQ(error_of(file_of(with_shape("[0,9223372036854775807]"), 0)),
            "x: tensor \"a\": wanted data_offsets inside the 0 bytes of data, got [0, 8]; "
            "the file is cut short or damaged");
  EXPECT_EQ(error_of(file_of(many_tensors(kMaxSafetensorsArrays), 0)), "") << "the cap itself";
  EXPECT_EQ(error_of(file_of(many_keys(kMaxSafetensorsMetadata), 0)), "") << "the cap itself";
}

TEST(SafetensorsHostile, WhatOnlyTheReferenceLibraryToleratesIsAccepted) {
  const std::string ok = of("\"F32\"", "[2]", "[0,8]");
  const std::string elsewhere = of("\"U8\"", "[5]", "[90,95]");
  EXPECT_EQ(error_of(file_of("{\"a\":" + elsewhere + ",\"\\u0061\":" + ok + "}", 8)), "") << "the last of equal names counts";
  EXPECT_EQ(error_of(file_of("{\"a\":[\"F32\",[2],[0,8]]}", 8)), "") << "a list of the three values";
  EXPECT_EQ(error_of(file_of("{\"a\":" + of("{\"F32\":null}", "[2]", "[0,8]") + "}", 8)), "");
  EXPECT_EQ(error_of(file_of(tensor("\"x\":" + nested(125) + ",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"y\":{\"z\":1e3}"), 1)), "")
      << "unknown keys";
  EXPECT_EQ(error_of(file_of("{\"__metadata__\":null}", 0)), "");
  const std::string twice = "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}";
  const std::string bytes = file_of(twice, 0);
  EXPECT_EQ(parse_safetensors(std::as_bytes(std::span(bytes)), "x").metadata, (SafetensorsMetadata{{"k", "2"}}));
}

TEST(SafetensorsHostile, EscapesBecomeUtf8) {
  const std::string bytes = file_of("{\"__metadata__\":{\"k\":\"\\ud83d\\ude00\\u00e9\\u20AC\\n\\/\\u0000\"}}", 0);
  const std::string expected("\xf0\x9f\x98\x80\xc3\xa9\xe2\x82\xac\n/\0", 12);
  EXPECT_EQ(parse_safetensors(std::as_bytes(std::span(bytes)), "x").metadata.at("k"), expected);
}

TEST(SafetensorsHostile, EveryTruncationIsRefused) {
  const std::string whole = file_of(pair("[0,8]", "[8,16]"), 16);
  ASSERT_EQ(error_of(whole), "");
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_NE(error_of(whole.substr(0, size)), "") << size;
}

std::string zeros(size_t count) { return std::string(count, '0'); }

TEST(SafetensorsHostile, NumbersOutOfADoublesRangeAreRefused) {
  const auto error_with = [](const std::string& number) {
    return error_of(file_of(tensor("\"x\":" + number + ",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]"), 1));
  };
  for (const auto& number : {std::string("1.7976931348623157e308"), std::string("-1e308"), "1" + zeros(308), "0." + zeros(400) + "1e+700",
                             std::string("12.5e-99999999999999999999"), "0" + std::string("e99999999999999999999"), "0." + zeros(500) + "e999",
                             "0.00" + zeros(300) + "123456789012345678901234567890E610"}) {
    EXPECT_EQ(error_with(number), "") << number;
  }
  for (const auto& number : {std::string("1.8e308"), std::string("-1e309"), "1" + zeros(309), "0." + zeros(400) + "1e+710",
                             std::string("1e99999999999999999999"), std::string("1e9999999999999"),
                             "0.00" + zeros(300) + "123456789012345678901234567890E612"}) {
    EXPECT_EQ(error_with(number), "x: wanted a JSON header, got a number out of range at its byte 10") << number;
  }
}

}  // namespace
}  // namespace albert::io
