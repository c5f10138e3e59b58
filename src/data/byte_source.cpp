#include "byte_source.h"

#include <albert/base/error.h>
#include <albert/data/data_file.h>

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace albert {
namespace {

constexpr size_t kInputBytes = size_t{1} << 17U;

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(std::filesystem::path path) : path_(std::move(path)), descriptor_(open_descriptor(path_)) {
    if (descriptor_ < 0) fail("open");
  }
  PlainSource(const PlainSource&) = delete;
  PlainSource& operator=(const PlainSource&) = delete;
  ~PlainSource() override { ::close(descriptor_); }

  size_t read(char* data, size_t size) override {
    for (;;) {
      const ssize_t got = ::read(descriptor_, data, size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail("read");
      bytes_read_ += static_cast<uint64_t>(got);
      return static_cast<size_t>(got);
    }
  }
  [[nodiscard]] uint64_t bytes_read() const override { return bytes_read_; }

 private:
  /// Standard input is not opened by its name: that fails for sockets, and begins a file anew that another process has read from.
  static int open_descriptor(const std::filesystem::path& path) {
    if (path == kStandardInput) return ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    return ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  [[noreturn]] void fail(std::string_view action) const {
    const int code = errno;
    throw DataError(fmt::format("{}: cannot {}: {}", path_.string(), action, std::strerror(code)));
  }
  std::filesystem::path path_;
  int descriptor_;
  uint64_t bytes_read_ = 0;
};

/// Compressed input: a plain source and a buffer in front of the decoder.
class CompressedSource : public ByteSource {
 public:
  explicit CompressedSource(const std::filesystem::path& path) : path_(path), input_(path), buffer_(kInputBytes) {}
  [[nodiscard]] uint64_t bytes_read() const override { return input_.bytes_read(); }

 protected:
  size_t refill() { return input_.read(buffer_.data(), buffer_.size()); }
  [[noreturn]] void fail_format(std::string_view format) const {
    throw DataError(fmt::format("{}: expected {} data, got other bytes; check the file, or its name", path_.string(), format));
  }
  [[noreturn]] void fail_truncated(std::string_view format) const {
    throw DataError(fmt::format("{}: expected the end of the {} data, got the end of the file; the file is cut short", path_.string(), format));
  }
  [[noreturn]] void fail_damaged(std::string_view format, std::string_view reason) const {
    throw DataError(fmt::format("{}: damaged {} data near byte {} ({}); get the file again", path_.string(), format, bytes_read(), reason));
  }
  char* buffer() { return buffer_.data(); }

 private:
  std::filesystem::path path_;
  PlainSource input_;
  std::vector<char> buffer_;
};

class GzipSource final : public CompressedSource {
 public:
  explicit GzipSource(const std::filesystem::path& path) : CompressedSource(path) {
    constexpr int kGzipOnly = 15 + 16;
    ALBERT_CHECK(::inflateInit2(&stream_, kGzipOnly) == Z_OK, "inflateInit2 failed");
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;
  ~GzipSource() override { ::inflateEnd(&stream_); }

  size_t read(char* data, size_t size) override {
    stream_.next_out = reinterpret_cast<Bytef*>(data);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out == size) {
      if (stream_.avail_in == 0 && !fill()) {
        if (!at_member_end_) fail_truncated("gzip");
        return 0;
      }
      if (at_member_end_) next_member();
      const int code = ::inflate(&stream_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        at_member_end_ = true;
        is_first_ = false;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        if (is_first_ && stream_.total_out == 0 && stream_.total_in < 4) fail_format("gzip");
        fail_damaged("gzip", stream_.msg != nullptr ? stream_.msg : "unknown reason");
      }
    }
    return size - stream_.avail_out;
  }

 private:
  bool fill() {
    const size_t got = refill();
    stream_.next_in = reinterpret_cast<Bytef*>(buffer());
    stream_.avail_in = static_cast<uInt>(got);
    return got > 0;
  }
  /// Files that were joined with cat have several members.
  void next_member() {
    ::inflateReset(&stream_);
    at_member_end_ = false;
  }
  z_stream stream_{};
  bool at_member_end_ = false;
  bool is_first_ = true;
};

class ZstdSource final : public CompressedSource {
 public:
  explicit ZstdSource(const std::filesystem::path& path) : CompressedSource(path), stream_(::ZSTD_createDStream()) {
    ALBERT_CHECK(stream_ != nullptr, "ZSTD_createDStream failed");
  }
  ZstdSource(const ZstdSource&) = delete;
  ZstdSource& operator=(const ZstdSource&) = delete;
  ~ZstdSource() override { ::ZSTD_freeDStream(stream_); }

  size_t read(char* data, size_t size) override {
    ZSTD_outBuffer output{data, size, 0};
    while (output.pos == 0) {
      if (input_.pos == input_.size && !may_hold_output_) {
        input_ = {buffer(), refill(), 0};
        if (input_.size == 0) {
          if (!at_frame_end_) fail_truncated("zstd");
          return 0;
        }
      }
      const size_t code = ::ZSTD_decompressStream(stream_, &output, &input_);
      if (::ZSTD_isError(code) != 0) {
        if (is_first_ && bytes_read() <= kInputBytes && !any_output_) fail_format("zstd");
        fail_damaged("zstd", ::ZSTD_getErrorName(code));
      }
      at_frame_end_ = code == 0;
      may_hold_output_ = output.pos == output.size && code != 0;
      any_output_ = any_output_ || output.pos > 0;
    }
    is_first_ = false;
    return output.pos;
  }

 private:
  ZSTD_DStream* stream_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  bool at_frame_end_ = false;
  bool may_hold_output_ = false;
  bool is_first_ = true;
  bool any_output_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_plain_source(const std::filesystem::path& path) { return std::make_unique<PlainSource>(path); }

std::unique_ptr<ByteSource> open_byte_source(const std::filesystem::path& path) {
  const auto extension = path.extension();
  if (extension == ".gz") return std::make_unique<GzipSource>(path);
  if (extension == ".zst") return std::make_unique<ZstdSource>(path);
  return open_plain_source(path);
}

}  // namespace albert
