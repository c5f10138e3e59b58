// Checkpoints that TensorFlow wrote (scripts/make_tf1_golden.py), whole and damaged.
#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/io/safetensors.h>
#include <albert/io/tensor_bundle.h>

#include <gmock/gmock.h>
#include "io/bundle_builder.h"

#include <cstring>

namespace albert::io {
namespace {

using testing::bundle_entry;
using testing::bundle_header;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::proto_bytes;
using testing::proto_number;
using testing::table_of;
using testing::TableEntries;

std::span<const std::byte> bundle_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string golden(const std::string& name) {
  return read_file(std::filesystem::path(ALBERT_SOURCE_DIR) / "tests/golden/tf1" / name);
}

/// A checkpoint in memory. The bytes lie on the heap without a spare one, so that the sanitizer sees a step over their end.
struct Checkpoint {
  std::string index;
  std::vector<std::string> shards;

  [[nodiscard]] TensorBundle open() const {
    std::vector<BundleShard> views;
    for (const std::string& shard : shards) views.push_back({.name = "d", .bytes = bundle_bytes(shard)});
    return TensorBundle(parse_bundle_index(bundle_bytes(index), "i"), std::move(views));
  }
  /// The first error of opening it and reading everything; empty for none.
  [[nodiscard]] std::string error() const {
    try {
      const TensorBundle bundle = open();
      for (const BundleTensor& tensor : bundle.tensors()) (void)bundle.read(tensor);
    } catch (const IoError& error) {
      return error.what();
    }
    return {};
  }
};

Checkpoint pretraining_checkpoint() {
  return {.index = golden("pretraining/model.ckpt-best.index"),
          .shards = {golden("pretraining/model.ckpt-best.data-00000-of-00001")}};
}

const BundleTensor& tensor_of(const TensorBundle& bundle, std::string_view name) {
  for (const BundleTensor& tensor : bundle.tensors()) {
    if (tensor.name == name) return tensor;
  }
  throw std::runtime_error("no tensor " + std::string(name));
}

TEST(TensorBundle, ReadsWhatTensorFlowWrote) {
  const Checkpoint checkpoint = pretraining_checkpoint();
  const TensorBundle bundle = checkpoint.open();
  EXPECT_EQ(bundle.tensors().size(), 3 * 32U + 1);
  const ArrayView kernel = bundle.read(tensor_of(bundle, "bert/encoder/embedding_hidden_mapping_in/kernel"));
  EXPECT_EQ(kernel.type, DType::f32);
  EXPECT_THAT(kernel.shape, ElementsAre(3, 4));
  const ArrayView step = bundle.read(tensor_of(bundle, "global_step"));
  EXPECT_EQ(step.type, DType::i64);
  EXPECT_TRUE(step.shape.empty());
  int64_t value = 0;
  std::memcpy(&value, step.bytes.data(), sizeof value);
  EXPECT_EQ(value, 125000);
}

TEST(TensorBundle, ReadsSeveralDataFiles) {
  const Checkpoint checkpoint{.index = golden("groups_in_shards/model.ckpt-7.index"),
                              .shards = {golden("groups_in_shards/model.ckpt-7" + bundle_shard_suffix(0, 3)),
                                         golden("groups_in_shards/model.ckpt-7" + bundle_shard_suffix(1, 3)),
                                         golden("groups_in_shards/model.ckpt-7" + bundle_shard_suffix(2, 3))}};
  EXPECT_EQ(checkpoint.error(), "");
  EXPECT_EQ(parse_bundle_index(bundle_bytes(checkpoint.index), "i").num_shards, 3U);
}

TEST(TensorBundle, AnIndexCompressedWithSnappySaysTheSame) {
  const std::string plain = golden("pretraining/model.ckpt-best.index");
  const std::string compressed = golden("snappy/model.ckpt.index");
  ASSERT_LT(compressed.size(), plain.size());
  const BundleIndex a = parse_bundle_index(bundle_bytes(plain), "a");
  const BundleIndex b = parse_bundle_index(bundle_bytes(compressed), "b");
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (size_t i = 0; i < a.tensors.size(); ++i) {
    EXPECT_EQ(a.tensors[i].name, b.tensors[i].name);
    EXPECT_EQ(a.tensors[i].offset, b.tensors[i].offset);
    EXPECT_EQ(a.tensors[i].masked_crc32c, b.tensors[i].masked_crc32c);
  }
}

TEST(TensorBundle, AChangedByteOfAnyFileIsNoticed) {
  const Checkpoint whole = pretraining_checkpoint();
  ASSERT_EQ(whole.error(), "");
  for (size_t i = 0; i < whole.index.size(); ++i) {
    Checkpoint damaged = whole;
    damaged.index[i] = static_cast<char>(damaged.index[i] ^ (1 << (i % 8)));
    EXPECT_NE(damaged.error(), "") << "byte " << i << " of the index";
  }
  // Every byte of the data belongs to a tensor.
  Checkpoint damaged = whole;
  for (size_t i = 0; i < whole.shards[0].size(); ++i) {
    char& byte = damaged.shards[0][i];
    const char before = byte;
    byte = static_cast<char>(byte ^ (1 << (i % 8)));
    EXPECT_THAT(damaged.error(), HasSubstr("wanted the checksum that the index states, got another; the file is damaged")) << i;
    byte = before;
  }
}

TEST(TensorBundle, AFileCutAnywhereIsNoticed) {
  const Checkpoint whole = pretraining_checkpoint();
  for (size_t length = 0; length < whole.index.size(); ++length) {
    EXPECT_NE((Checkpoint{.index = whole.index.substr(0, length), .shards = whole.shards}.error()), "") << length;
  }
  for (size_t length = 0; length < whole.shards[0].size(); length += 11) {
    EXPECT_THAT((Checkpoint{.index = whole.index, .shards = {whole.shards[0].substr(0, length)}}.error()),
                HasSubstr("the file is cut short or of another checkpoint"));
  }
}

TEST(TensorBundle, RefusesTypesAndFormsOfTensorsByName) {
  const auto error_of = [](const std::string& folder, const std::string& name) {
    return Checkpoint{.index = golden(folder + "/" + name + ".index"),
                      .shards = {golden(folder + "/" + name + bundle_shard_suffix(0, 1))}}
        .error();
  };
  EXPECT_EQ(error_of("float64", "model.ckpt"),
            "d: tensor \"bert/pooler/dense/bias\": wanted float32, float16, bfloat16, int32 or int64, got float64");
  EXPECT_EQ(error_of("partitioned", "model.ckpt"),
            "d: tensor \"bert/embeddings/word_embeddings\": wanted a tensor in one piece, got a partitioned variable; save the "
            "checkpoint without "
            "partitioner");
  EXPECT_EQ(error_of("objects", "ckpt"),
            "d: tensor \"_CHECKPOINTABLE_OBJECT_GRAPH\": wanted float32, float16, bfloat16, int32 or int64, got string");
}

const std::string kFourBytes = "wxyz";

std::string index_error(const std::string& index) { return Checkpoint{.index = index, .shards = {kFourBytes}}.error(); }
std::string entries_error(const TableEntries& entries) {
  TableEntries all{{"", bundle_header()}};
  all.insert(all.end(), entries.begin(), entries.end());
  return index_error(table_of(all));
}
std::string entry_error(const std::string& entry) { return entries_error({{"a", entry}}); }

TEST(TensorBundle, BuilderOfTheseTestsMakesASoundBundle) { EXPECT_EQ(entry_error(bundle_entry({1}, 0, kFourBytes)), ""); }

TEST(TensorBundle, RefusesHeadersThatItDoesNotUnderstand) {
  EXPECT_EQ(index_error(table_of({})), "i: wanted a header, got none; no checkpoint of TensorFlow");
  EXPECT_EQ(index_error(table_of({{"a", bundle_entry({1}, 0, kFourBytes)}})),
            "i: wanted a header, got none; no checkpoint of TensorFlow");
  EXPECT_EQ(index_error(table_of({{"", ""}})), "i: wanted 1 to 1024 data files, got 0");
  EXPECT_EQ(index_error(table_of({{"", bundle_header(1025)}})), "i: wanted 1 to 1024 data files, got 1025");
  EXPECT_EQ(index_error(table_of({{"", bundle_header(UINT64_MAX)}})),
            "i: wanted the header of a checkpoint of TensorFlow, got -1 in field 1; the file is damaged");
  EXPECT_EQ(index_error(table_of({{"", bundle_header() + proto_number(2, 1)}})),
            "i: wanted little-endian numbers, got big-endian ones; save the checkpoint again on another machine");
  EXPECT_EQ(index_error(table_of({{"", proto_number(1, 1) + proto_bytes(3, proto_number(2, 2))}})),
            "i: wanted a checkpoint for readers of version 1, got 2");
  EXPECT_EQ(index_error(table_of({{"", bundle_header() + bundle_header()}})),
            "i: wanted the header of a checkpoint of TensorFlow, got field 1 twice; the file is damaged");
}

TEST(TensorBundle, RefusesEntriesThatDoNotFit) {
  const std::string sound = bundle_entry({1}, 0, kFourBytes);
  EXPECT_EQ(entry_error(bundle_entry({2}, 0, kFourBytes)), "i: tensor \"a\": wanted 8 bytes for [2] of float32, got 4");
  EXPECT_EQ(entry_error(bundle_entry({uint64_t{1} << 62U, 4}, 0, kFourBytes)),
            "i: tensor \"a\": wanted a shape that fits in 64 bits, got [4611686018427387904, 4]");
  EXPECT_EQ(entry_error(bundle_entry({UINT64_MAX}, 0, kFourBytes)), "i: tensor \"a\": wanted an entry, got -1 in field 1");
  EXPECT_EQ(entry_error(bundle_entry({1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, kFourBytes)),
            "i: tensor \"a\": wanted at most 8 dimensions, got more");
  EXPECT_EQ(entry_error(bundle_entry({1}, 1, kFourBytes)),
            "d: tensor \"a\": wanted 4 bytes at 1, got a file of 4; the file is cut short or of another checkpoint");
  EXPECT_THAT(entry_error(bundle_entry({1}, INT64_MAX, kFourBytes)),
              HasSubstr("wanted 4 bytes at 9223372036854775807, got a file of 4"));
  EXPECT_EQ(entry_error(sound + proto_number(3, 1)), "i: tensor \"a\": wanted a data file below 1, got 1");
  EXPECT_EQ(entry_error(sound + proto_number(1, 1)), "i: tensor \"a\": wanted an entry, got field 1 twice");
  EXPECT_EQ(entry_error(sound + "\x08"), "i: tensor \"a\": wanted an entry, got a number that is cut off at byte 18 of 18");
  EXPECT_EQ(entry_error(proto_bytes(1, "x")), "i: tensor \"a\": wanted an entry, got another type of field 1");
  EXPECT_EQ(entry_error(proto_number(1, 1) + proto_bytes(2, proto_number(3, 1))), "i: tensor \"a\": wanted a shape, got none");
  EXPECT_EQ(entry_error(proto_number(1, 77)),
            "d: tensor \"a\": wanted float32, float16, bfloat16, int32 or int64, got number 77");
  EXPECT_EQ(entries_error({{"a", sound}, {"b", sound}}), "d: tensor \"b\": wanted bytes of its own, got some of tensor \"a\"");
  EXPECT_EQ(entries_error({{"a", sound}, {"b", bundle_entry({0}, 2, "")}}), "") << "a tensor without elements shares no byte";
}

}  // namespace
}  // namespace albert::io
