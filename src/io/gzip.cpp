#include <albert/base/error.h>
#include <albert/io/tar.h>

#include <zlib.h>

#include <algorithm>
#include <vector>

namespace albert::io {
namespace {

constexpr size_t kBlockBytes = size_t{256} << 10U;

class Inflater {
 public:
  Inflater(std::span<const std::byte> bytes, const std::string& name, const GzipLimits& limits)
      : rest_(bytes), name_(name), limits_(limits), buffer_(kBlockBytes) {
    constexpr int kGzipOnly = 15 + 16;
    ALBERT_CHECK(::inflateInit2(&stream_, kGzipOnly) == Z_OK, "inflateInit2 failed");
    most_ = std::min(limits.size_bytes, limits.free_bytes + std::min(limits.size_bytes, bytes.size() * limits.ratio));
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { ::inflateEnd(&stream_); }

  MappedFile run() {
    ScratchFile file;
    bool at_member_end = false;
    while (!at_member_end || !rest_.empty()) {
      if (at_member_end && is_padding(rest_)) break;
      // Files that were joined have several members.
      if (at_member_end) ::inflateReset(&stream_);
      at_member_end = inflate_block(file);
    }
    return file.map();
  }

 private:
  /// Zeros behind the last member, as tapes and block devices leave them: gzip(1) passes them over, too.
  static bool is_padding(std::span<const std::byte> bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
  }

  bool inflate_block(ScratchFile& file) {
    const size_t given = std::min(rest_.size(), kBlockBytes);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(rest_.data()));  // zlib does not write to it
    stream_.avail_in = static_cast<uInt>(given);
    stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_out = static_cast<uInt>(buffer_.size());
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    const size_t produced = buffer_.size() - stream_.avail_out;
    const size_t taken = given - stream_.avail_in;
    rest_ = rest_.subspan(taken);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      fail(fmt::format("wanted gzip data, got {}; the file is damaged", stream_.msg != nullptr ? stream_.msg : "other bytes"));
    }
    written_ += produced;
    if (written_ > most_) {
      fail(
          fmt::format("wanted at most {} bytes in the archive, got more; no archive of a checkpoint, or unpack it first", most_));
    }
    file.write(std::span(buffer_).first(produced));
    if (code == Z_STREAM_END) return true;
    if (produced == 0 && taken == 0) fail("wanted the end of the gzip data, got the end of the file; it is cut short");
    return false;
  }

  [[noreturn]] void fail(const std::string& text) const { throw IoError(fmt::format("{}: {}", name_, text)); }

  std::span<const std::byte> rest_;
  const std::string& name_;
  GzipLimits limits_;
  std::vector<std::byte> buffer_;
  z_stream stream_{};
  uint64_t most_ = 0;
  uint64_t written_ = 0;
};

}  // namespace

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

MappedFile inflate_gzip(std::span<const std::byte> bytes, const std::string& name, const GzipLimits& limits) {
  return Inflater(bytes, name, limits).run();
}

}  // namespace albert::io
