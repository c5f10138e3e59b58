#include <albert/base/error.h>
#include <albert/base/hash.h>

#include <openssl/evp.h>
#include <xxhash.h>

#include <array>

namespace albert {

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

}  // namespace albert
