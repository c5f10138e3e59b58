#include <albert/base/error.h>
#include <albert/base/hash.h>

#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <bit>
#include <cstring>

namespace albert {
namespace {

constexpr size_t kSlices = 8;
using CrcTables = std::array<std::array<uint32_t, 256>, kSlices>;

/// tables[k][b]: the checksum of byte b with k zero bytes behind it, so that eight bytes are looked up at once ("slicing by 8").
constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
    tables[0][byte] = value;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8U) ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}

}  // namespace

uint64_t xxh3_64(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }
uint64_t xxh3_64(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

struct Xxh3Stream::State {
  XXH3_state_t* value = XXH3_createState();
  State() { XXH3_64bits_reset(value); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(value); }
};

Xxh3Stream::Xxh3Stream() : state_(std::make_unique<State>()) {}
Xxh3Stream::~Xxh3Stream() = default;
void Xxh3Stream::update(std::span<const std::byte> bytes) { XXH3_64bits_update(state_->value, bytes.data(), bytes.size()); }
uint64_t Xxh3Stream::digest() const { return XXH3_64bits_digest(state_->value); }

std::string to_hex(uint64_t value) { return fmt::format("{:016x}", value); }

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  ALBERT_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) == 1, "SHA-256 failed");
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

uint32_t crc32c(std::span<const std::byte> bytes) {
  static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");
  static constexpr CrcTables kTables = make_crc_tables();
  uint32_t value = ~0U;
  for (; bytes.size() >= kSlices; bytes = bytes.subspan(kSlices)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), kSlices);
    word ^= value;
    value = 0;
    for (size_t i = 0; i < kSlices; ++i) value ^= kTables[kSlices - 1 - i][(word >> (8 * i)) & 0xFFU];
  }
  for (const std::byte byte : bytes) value = (value >> 8U) ^ kTables[0][(value ^ std::to_integer<uint32_t>(byte)) & 0xFFU];
  return ~value;
}

uint32_t crc32c(std::string_view text) { return crc32c(std::as_bytes(std::span(text))); }

uint32_t mask_crc32c(uint32_t value) { return std::rotr(value, 15) + 0xA282EAD8U; }

}  // namespace albert
