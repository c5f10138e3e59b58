#include <albert/base/error.h>
#include <albert/base/random.h>

#include <cmath>
#include <numbers>

namespace albert {
namespace {

uint64_t splitmix64(uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

void philox_round(std::array<uint32_t, 4>& c, const std::array<uint32_t, 2>& k) {
  const uint64_t p0 = uint64_t{0xD2511F53U} * c[0];
  const uint64_t p1 = uint64_t{0xCD9E8D57U} * c[2];
  c = {static_cast<uint32_t>(p1 >> 32U) ^ c[1] ^ k[0], static_cast<uint32_t>(p1),
       static_cast<uint32_t>(p0 >> 32U) ^ c[3] ^ k[1], static_cast<uint32_t>(p0)};
}

}  // namespace

uint64_t mix_seed(uint64_t seed, std::string_view purpose, uint64_t a, uint64_t b) {
  uint64_t h = 0xCBF29CE484222325ULL;  // FNV-1a of the purpose
  for (const char c : purpose) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  h = splitmix64(h ^ splitmix64(seed));
  h = splitmix64(h ^ splitmix64(a + 0x632BE59BD9B4E019ULL));
  return splitmix64(h ^ splitmix64(b + 0xD1B54A32D192ED03ULL));
}

RandomStream::RandomStream(uint64_t seed, std::string_view purpose, uint64_t a, uint64_t b) {
  const uint64_t key = mix_seed(seed, purpose, a, b);
  key_ = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32U)};
  // The upper half of the counter carries a and b once more, so that two streams differ even if their 64-bit keys collide.
  const uint64_t salt = splitmix64(a ^ splitmix64(b));
  counter_ = {0, 0, static_cast<uint32_t>(salt), static_cast<uint32_t>(salt >> 32U)};
}

void RandomStream::refill() {
  auto c = counter_;
  auto k = key_;
  for (int round = 0; round < 10; ++round) {
    philox_round(c, k);
    k[0] += 0x9E3779B9U;
    k[1] += 0xBB67AE85U;
  }
  buffer_ = {c[0] | (uint64_t{c[1]} << 32U), c[2] | (uint64_t{c[3]} << 32U)};
  if (++counter_[0] == 0) ++counter_[1];
  used_ = 0;
}

uint64_t RandomStream::next() {
  if (used_ == buffer_.size()) refill();
  return buffer_[used_++];
}

double RandomStream::uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

uint64_t RandomStream::below(uint64_t bound) {
  ALBERT_CHECK(bound > 0, "bound must be positive");
  __extension__ using Wide = unsigned __int128;
  Wide product = Wide{next()} * bound;
  if (static_cast<uint64_t>(product) < bound) {
    const uint64_t threshold = (uint64_t{0} - bound) % bound;
    while (static_cast<uint64_t>(product) < threshold) product = Wide{next()} * bound;
  }
  return static_cast<uint64_t>(product >> 64U);
}

int64_t RandomStream::between(int64_t low, int64_t high) {
  ALBERT_CHECK(low <= high, "empty range [{}, {}]", low, high);
  const uint64_t width = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  return static_cast<int64_t>(static_cast<uint64_t>(low) + (width == 0 ? next() : below(width)));
}

double RandomStream::normal() {
  const double u = 1.0 - uniform();  // in (0, 1]
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace albert
