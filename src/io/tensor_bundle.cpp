#include <albert/io/tensor_bundle.h>

#include "io/sorted_table.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/base/protobuf_reader.h>
#include <albert/io/json_text.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>
#include <utility>

namespace albert::io {
namespace {

using protobuf::Field;
using protobuf::WireType;

// Field numbers of tensor_bundle.proto, tensor_shape.proto and versions.proto.
namespace header_field {
constexpr uint32_t kNumShards = 1, kEndianness = 2, kVersion = 3;
}
namespace version_field {
constexpr uint32_t kMinConsumer = 2;
}
namespace entry_field {
constexpr uint32_t kType = 1, kShape = 2, kShard = 3, kOffset = 4, kSize = 5, kChecksum = 6, kSlices = 7;
}
namespace shape_field {
constexpr uint32_t kDimension = 2, kUnknownRank = 3, kDimensionSize = 1;
}
/// kTensorBundleVersion of tensorflow/core/util/tensor_bundle.
constexpr uint64_t kKnownVersion = 1;

/// tensorflow/core/framework/types.proto. Parameters of a model have one of the five types with a DType.
struct TypeRow {
  uint32_t number;
  std::string_view name;
  std::optional<DType> type{};
  uint64_t size_bytes = 0;
};
constexpr std::array<TypeRow, 19> kTypes{{
    {1, "float32", DType::f32, 4},
    {2, "float64"},
    {3, "int32", DType::i32, 4},
    {4, "uint8"},
    {5, "int16"},
    {6, "int8"},
    {7, "string"},
    {8, "complex64"},
    {9, "int64", DType::i64, 8},
    {10, "bool"},
    {11, "qint8"},
    {12, "quint8"},
    {13, "qint32"},
    {14, "bfloat16", DType::bf16, 2},
    {17, "uint16"},
    {18, "complex128"},
    {19, "float16", DType::f16, 2},
    {22, "uint32"},
    {23, "uint64"},
}};

const TypeRow* find_type(uint64_t number) {
  const auto* found = std::ranges::find(kTypes, number, &TypeRow::number);
  return found == kTypes.end() ? nullptr : found;
}

/// Walks one message whose fields, but the repeated one, stand there at most once.
class MessageReader {
 public:
  MessageReader(std::string_view message, const protobuf::Refusal& refuse, uint32_t repeated = 0)
      : reader_(message, refuse), refuse_(refuse), repeated_(repeated) {}

  bool next() {
    if (!reader_.next(field_)) return false;
    if (field_.number != repeated_ && field_.number < kBits) {
      if ((seen_ >> field_.number & 1U) != 0) fail(fmt::format("field {} twice", field_.number));
      seen_ |= uint64_t{1} << field_.number;
    }
    return true;
  }
  [[nodiscard]] uint32_t field() const { return field_.number; }

  [[nodiscard]] std::string_view message() const { return expect(WireType::bytes).bytes; }
  [[nodiscard]] uint32_t fixed32() const { return static_cast<uint32_t>(expect(WireType::fixed32).number_value); }
  /// A signed number that must not be negative, below 2^31 for int32.
  [[nodiscard]] uint64_t number(uint64_t limit) const {
    const uint64_t value = expect(WireType::varint).number_value;
    if (value > limit) fail(fmt::format("{} in field {}", static_cast<int64_t>(value), field_.number));
    return value;
  }
  [[nodiscard]] uint64_t int64() const { return number(std::numeric_limits<int64_t>::max()); }
  [[nodiscard]] uint32_t int32() const { return static_cast<uint32_t>(number(std::numeric_limits<int32_t>::max())); }

 private:
  static constexpr uint32_t kBits = 64;

  [[nodiscard]] const Field& expect(WireType type) const {
    if (field_.type != type) fail(fmt::format("another type of field {}", field_.number));
    return field_;
  }
  [[noreturn]] void fail(const std::string& found) const {
    refuse_(found);
    throw InternalError("a refusal must throw");
  }

  protobuf::Reader reader_;
  const protobuf::Refusal& refuse_;
  uint32_t repeated_;
  uint64_t seen_ = 0;
  Field field_;
};

class IndexParser {
 public:
  explicit IndexParser(const std::string& name) : name_(name) {}

  BundleIndex run(std::span<const std::byte> bytes) {
    bool has_header = false;
    read_sorted_table(bytes, name_, [&](std::string_view key, std::string_view value) {
      if (key.empty()) {
        read_header(value);
        has_header = true;
      } else {
        if (!has_header) fail("wanted a header, got none; no checkpoint of TensorFlow");
        read_entry(key, value);
      }
    });
    if (!has_header) fail("wanted a header, got none; no checkpoint of TensorFlow");
    return std::move(index_);
  }

 private:
  void read_header(std::string_view value) {
    const protobuf::Refusal refuse = [this](const std::string& found) {
      fail(fmt::format("wanted the header of a checkpoint of TensorFlow, got {}; the file is damaged", found));
    };
    MessageReader reader(value, refuse);
    while (reader.next()) {
      if (reader.field() == header_field::kNumShards) index_.num_shards = reader.int32();
      if (reader.field() == header_field::kEndianness && reader.int32() != 0) {
        fail("wanted little-endian numbers, got big-endian ones; save the checkpoint again on another machine");
      }
      if (reader.field() == header_field::kVersion) require_known_version(reader.message(), refuse);
    }
    if (index_.num_shards < 1 || index_.num_shards > kMaxBundleShards) {
      fail(fmt::format("wanted 1 to {} data files, got {}", kMaxBundleShards, index_.num_shards));
    }
  }

  void require_known_version(std::string_view message, const protobuf::Refusal& refuse) const {
    MessageReader reader(message, refuse);
    while (reader.next()) {
      if (reader.field() != version_field::kMinConsumer) continue;
      const uint64_t version = reader.int32();
      if (version > kKnownVersion)
        fail(fmt::format("wanted a checkpoint for readers of version {}, got {}", kKnownVersion, version));
    }
  }

  void read_entry(std::string_view key, std::string_view value) {
    BundleTensor& tensor = index_.tensors.emplace_back();
    tensor.name = key;
    const protobuf::Refusal refuse = [&](const std::string& found) {
      fail_tensor(key, fmt::format("wanted an entry, got {}", found));
    };
    MessageReader reader(value, refuse, entry_field::kSlices);
    while (reader.next()) {
      switch (reader.field()) {
        case entry_field::kType:
          tensor.type_number = reader.int32();
          break;
        case entry_field::kShape:
          read_shape(tensor, reader.message(), refuse);
          break;
        case entry_field::kShard:
          tensor.shard = reader.int32();
          break;
        case entry_field::kOffset:
          tensor.offset = reader.int64();
          break;
        case entry_field::kSize:
          tensor.size_bytes = reader.int64();
          break;
        case entry_field::kChecksum:
          tensor.masked_crc32c = reader.fixed32();
          break;
        case entry_field::kSlices:
          tensor.is_sliced = true;
          break;
        default:
          break;
      }
    }
    check(tensor);
  }

  void read_shape(BundleTensor& tensor, std::string_view message, const protobuf::Refusal& refuse) const {
    MessageReader reader(message, refuse, shape_field::kDimension);
    while (reader.next()) {
      if (reader.field() == shape_field::kUnknownRank && reader.int32() != 0)
        fail_tensor(tensor.name, "wanted a shape, got none");
      if (reader.field() != shape_field::kDimension) continue;
      if (tensor.shape.size() == kMaxBundleRank) {
        fail_tensor(tensor.name, fmt::format("wanted at most {} dimensions, got more", kMaxBundleRank));
      }
      tensor.shape.push_back(0);
      MessageReader dimension(reader.message(), refuse);
      while (dimension.next()) {
        if (dimension.field() == shape_field::kDimensionSize) tensor.shape.back() = static_cast<int64_t>(dimension.int64());
      }
    }
  }

  void check(BundleTensor& tensor) const {
    if (tensor.shard >= index_.num_shards) {
      fail_tensor(tensor.name, fmt::format("wanted a data file below {}, got {}", index_.num_shards, tensor.shard));
    }
    const TypeRow* row = find_type(tensor.type_number);
    if (row == nullptr || !row->type) return;
    tensor.type = row->type;
    if (tensor.is_sliced) return;
    uint64_t wanted = row->size_bytes;
    for (const int64_t dimension : tensor.shape) {
      if (__builtin_mul_overflow(wanted, static_cast<uint64_t>(dimension), &wanted)) {
        fail_tensor(tensor.name, fmt::format("wanted a shape that fits in 64 bits, got [{}]", fmt::join(tensor.shape, ", ")));
      }
    }
    if (wanted != tensor.size_bytes) {
      fail_tensor(tensor.name, fmt::format("wanted {} bytes for [{}] of {}, got {}", wanted, fmt::join(tensor.shape, ", "),
                                           row->name, tensor.size_bytes));
    }
  }

  [[noreturn]] void fail(const std::string& text) const { throw IoError(fmt::format("{}: {}", name_, text)); }
  [[noreturn]] void fail_tensor(std::string_view tensor, const std::string& text) const {
    fail(fmt::format("tensor {}: {}", quoted_text(tensor), text));
  }

  const std::string& name_;
  BundleIndex index_;
};

[[noreturn]] void fail_tensor(const BundleShard& shard, const BundleTensor& tensor, const std::string& text) {
  throw IoError(fmt::format("{}: tensor {}: {}", shard.name, quoted_text(tensor.name), text));
}

}  // namespace

std::string BundleTensor::type_name() const {
  const TypeRow* row = find_type(type_number);
  return row == nullptr ? fmt::format("number {}", type_number) : std::string(row->name);
}

BundleIndex parse_bundle_index(std::span<const std::byte> bytes, const std::string& name) { return IndexParser(name).run(bytes); }

std::string bundle_shard_suffix(uint32_t shard, uint32_t num_shards) {
  return fmt::format(".data-{:05}-of-{:05}", shard, num_shards);
}

TensorBundle::TensorBundle(BundleIndex index, std::vector<BundleShard> shards)
    : index_(std::move(index)), shards_(std::move(shards)) {
  ALBERT_CHECK(shards_.size() == index_.num_shards, "{} data files for {}", shards_.size(), index_.num_shards);
  std::vector<const BundleTensor*> order;
  for (const BundleTensor& tensor : index_.tensors) {
    const BundleShard& shard = shards_[tensor.shard];
    if (tensor.offset > shard.bytes.size() || tensor.size_bytes > shard.bytes.size() - tensor.offset) {
      fail_tensor(shard, tensor,
                  fmt::format("wanted {} bytes at {}, got a file of {}; the file is cut short or of another checkpoint",
                              tensor.size_bytes, tensor.offset, shard.bytes.size()));
    }
    if (tensor.size_bytes > 0) order.push_back(&tensor);
  }
  std::ranges::sort(order, {}, [](const BundleTensor* tensor) { return std::tuple(tensor->shard, tensor->offset); });
  for (size_t i = 1; i < order.size(); ++i) {
    const BundleTensor& before = *order[i - 1];
    const BundleTensor& tensor = *order[i];
    if (before.shard == tensor.shard && tensor.offset < before.offset + before.size_bytes) {
      fail_tensor(shards_[tensor.shard], tensor,
                  fmt::format("wanted bytes of its own, got some of tensor {}", quoted_text(before.name)));
    }
  }
}

ArrayView TensorBundle::read(const BundleTensor& tensor) const {
  const BundleShard& shard = shards_[tensor.shard];
  if (tensor.is_sliced) {
    fail_tensor(shard, tensor,
                "wanted a tensor in one piece, got a partitioned variable; save the checkpoint without partitioner");
  }
  if (!tensor.type) {
    fail_tensor(shard, tensor, fmt::format("wanted float32, float16, bfloat16, int32 or int64, got {}", tensor.type_name()));
  }
  const std::span<const std::byte> bytes = shard.bytes.subspan(tensor.offset, tensor.size_bytes);
  if (mask_crc32c(crc32c(bytes)) != tensor.masked_crc32c) {
    fail_tensor(shard, tensor, "wanted the checksum that the index states, got another; the file is damaged");
  }
  return {.type = *tensor.type, .shape = tensor.shape, .bytes = bytes};
}

}  // namespace albert::io
