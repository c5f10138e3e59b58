#include <albert/io/safetensors.h>

#include "io/dtype_table.h"
#include "io/safetensors_header.h"

#include <albert/base/error.h>
#include <albert/io/json_text.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <tuple>
#include <vector>

namespace albert::io {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and is mapped as it is");

constexpr size_t kLengthBytes = sizeof(uint64_t);

/// Nothing where a partial product does not fit in 64 bits.
std::optional<uint64_t> bits_of_shape(const std::vector<int64_t>& shape, DType type) {
  uint64_t total = 1;
  for (const int64_t dimension : shape) {
    if (dimension < 0 || __builtin_mul_overflow(total, static_cast<uint64_t>(dimension), &total)) return std::nullopt;
  }
  if (__builtin_mul_overflow(total, uint64_t{size_bits(type)}, &total)) return std::nullopt;
  return total;
}

std::string show(const std::vector<int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

using Entries = std::map<std::string, HeaderEntry>;

/// Size and shape of one array agree, and it lies in the data.
void check_entry(const Entries::value_type& item, uint64_t data_bytes, std::string_view file) {
  const auto& [array_name, entry] = item;
  const auto fail = [&, &label = array_name](const std::string& text) {
    throw IoError(fmt::format("{}: tensor {}: {}", file, quoted_text(label), text));
  };
  if (entry.begin > entry.end) fail(fmt::format("wanted data_offsets in ascending order, got [{}, {}]", entry.begin, entry.end));
  if (entry.end > data_bytes) {
    fail(fmt::format("wanted data_offsets inside the {} bytes of data, got [{}, {}]; the file is cut short or damaged",
                     data_bytes, entry.begin, entry.end));
  }
  const std::optional<uint64_t> bits = bits_of_shape(entry.shape, entry.type);
  if (!bits) fail(fmt::format("wanted a shape that fits in 64 bits, got {} of {}", show(entry.shape), name(entry.type)));
  if (*bits % 8 != 0) fail(fmt::format("wanted whole bytes, got {} bits for {} of {}", *bits, show(entry.shape), name(entry.type)));
  if (*bits / 8 != entry.end - entry.begin) {
    fail(fmt::format("wanted {} bytes for {} of {}, got {}", *bits / 8, show(entry.shape), name(entry.type),
                     entry.end - entry.begin));
  }
}

/// The arrays, in order of their offsets, cover the data without overlap or hole.
void check_cover(const Entries& entries, uint64_t data_bytes, std::string_view file) {
  std::vector<const Entries::value_type*> order;
  order.reserve(entries.size());
  for (const auto& item : entries) order.push_back(&item);
  std::ranges::sort(order, {}, [](const auto* item) { return std::tie(item->second.begin, item->second.end, item->first); });
  uint64_t expected = 0;
  for (const auto* item : order) {
    const uint64_t begin = item->second.begin;
    if (begin != expected) {
      throw IoError(fmt::format("{}: tensor {}: wanted its data to begin at {}, where the one before ends, got {} ({})", file,
                                quoted_text(item->first), expected, begin, begin < expected ? "they overlap" : "a hole"));
    }
    expected = item->second.end;
  }
  if (expected != data_bytes) {
    throw IoError(fmt::format("{}: wanted {} bytes of data after the header, got {} ({} trailing)", file, expected, data_bytes,
                              data_bytes - expected));
  }
}

/// In the reference library's order of writing.
std::vector<const NamedArrays::value_type*> in_file_order(const NamedArrays& arrays) {
  std::vector<const NamedArrays::value_type*> order;
  order.reserve(arrays.size());
  for (const auto& item : arrays) order.push_back(&item);
  std::ranges::stable_sort(order, std::greater<>{}, [](const auto* item) { return static_cast<int>(item->second.type); });
  return order;
}

std::string json_string(std::string_view text, std::string_view what) {
  try {
    return nlohmann::json(std::string(text)).dump();
  } catch (const nlohmann::json::type_error&) {
    throw IoError(fmt::format("safetensors: wanted {} in UTF-8, got {}", what, quoted_text(text)));
  }
}

std::string make_header(const std::vector<const NamedArrays::value_type*>& order, const SafetensorsMetadata& metadata) {
  std::string header = "{";
  const auto separate = [&header] {
    if (header.back() != '{') header += ',';
  };
  if (!metadata.empty()) {
    header += R"("__metadata__":{)";
    for (const auto& [key, value] : metadata) {
      separate();
      header += fmt::format("{}:{}", json_string(key, "a metadata key"), json_string(value, "a metadata value"));
    }
    header += '}';
  }
  uint64_t offset = 0;
  for (const auto* item : order) {
    const auto& [array_name, array] = *item;
    const std::optional<uint64_t> bits = bits_of_shape(array.shape, array.type);
    const uint64_t size = array.bytes.size();
    ALBERT_CHECK(array_name != "__metadata__" && array.shape.size() <= kMaxSafetensorsRank, "safetensors: cannot write {}",
                 quoted_text(array_name));
    ALBERT_CHECK(bits && *bits % 8 == 0 && *bits / 8 == size, "safetensors: {}: {} bytes for {} of {}", quoted_text(array_name),
                 size, show(array.shape), name(array.type));
    separate();
    header += fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", json_string(array_name, "a tensor name"),
                          name(array.type), fmt::join(array.shape, ","), offset, offset + size);
    offset += size;
  }
  header += '}';
  header.append((kLengthBytes - header.size() % kLengthBytes) % kLengthBytes, ' ');
  if (order.size() > kMaxSafetensorsArrays || metadata.size() > kMaxSafetensorsMetadata || header.size() > kMaxSafetensorsHeaderBytes) {
    throw IoError(fmt::format("safetensors: wanted at most {} tensors, {} keys of metadata and {} bytes of header, got {}, {} and {}",
                              kMaxSafetensorsArrays, kMaxSafetensorsMetadata, kMaxSafetensorsHeaderBytes, order.size(),
                              metadata.size(), header.size()));
  }
  return header;
}

}  // namespace

SafetensorsContent parse_safetensors(std::span<const std::byte> bytes, std::string_view file) {
  if (bytes.size() < kLengthBytes)
    throw IoError(fmt::format("{}: wanted at least {} bytes, got {}; not a safetensors file", file, kLengthBytes, bytes.size()));
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), kLengthBytes);
  if (header_bytes > kMaxSafetensorsHeaderBytes) {
    throw IoError(fmt::format("{}: wanted a header of at most {} bytes, got {}; not a safetensors file, or damaged", file,
                              kMaxSafetensorsHeaderBytes, header_bytes));
  }
  if (header_bytes > bytes.size() - kLengthBytes) {
    throw IoError(fmt::format("{}: wanted a header of {} bytes, got {}; the file is cut short", file, header_bytes,
                              bytes.size() - kLengthBytes));
  }
  const std::span<const std::byte> header_span = bytes.subspan(kLengthBytes, header_bytes);
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + header_bytes);
  SafetensorsHeader header =
      parse_safetensors_header({reinterpret_cast<const char*>(header_span.data()), header_span.size()}, file);
  for (const auto& item : header.entries) check_entry(item, data.size(), file);
  check_cover(header.entries, data.size(), file);

  SafetensorsContent content;
  content.metadata = std::move(header.metadata);
  while (!header.entries.empty()) {  // node by node, so that names and shapes are never there twice
    auto node = header.entries.extract(header.entries.begin());
    HeaderEntry& entry = node.mapped();
    content.arrays.emplace_hint(content.arrays.end(), std::move(node.key()),
                                ArrayView{entry.type, std::move(entry.shape), data.subspan(entry.begin, entry.end - entry.begin)});
  }
  return content;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path, MappedFile file)
    : path_(path), file_(std::move(file)), content_(parse_safetensors(file_.bytes(), path.string())) {}

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) { return SafetensorsFile(path, MappedFile(path)); }

const ArrayView& SafetensorsFile::at(std::string_view array_name) const {
  const auto found = content_.arrays.find(array_name);
  if (found == content_.arrays.end()) {
    throw IoError(fmt::format("{}: wanted tensor {}, got none of that name among {}", path_.string(), quoted_text(array_name),
                              content_.arrays.size()));
  }
  return found->second;
}

void write_safetensors(FileWriter& writer, const NamedArrays& arrays, const SafetensorsMetadata& metadata, Xxh3Stream* digest) {
  // In pieces, so that the digest is made while the disk writes the piece before.
  constexpr size_t kPieceBytes = size_t{8} << 20U;
  const auto write = [&](std::span<const std::byte> bytes) {
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), kPieceBytes))) {
      const auto piece = bytes.first(std::min(bytes.size(), kPieceBytes));
      writer.write(piece);
      if (digest != nullptr) digest->update(piece);
    }
  };
  const auto order = in_file_order(arrays);
  const std::string header = make_header(order, metadata);
  const uint64_t header_bytes = header.size();
  write(std::as_bytes(std::span(&header_bytes, 1)));
  write(std::as_bytes(std::span(header)));
  for (const auto* item : order) write(item->second.bytes);
}

void write_safetensors(const std::filesystem::path& path, const NamedArrays& arrays, const SafetensorsMetadata& metadata) {
  FileWriter writer(path);
  write_safetensors(writer, arrays, metadata);
  writer.commit();
}

}  // namespace albert::io
