#include <albert/base/error.h>
#include <albert/base/file.h>
#include <albert/base/replacing_file.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace albert {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20U;
/// What is written of a large file before the disk is asked to begin with it.
constexpr size_t kWritebackBytes = size_t{8} << 20U;

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view action) {
  const int code = errno;
  throw IoError(fmt::format("{}: cannot {}: {}", path.string(), action, std::strerror(code)));
}

void write_all(int descriptor, const char* data, size_t size, const std::filesystem::path& path) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor, data, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      fail(path, "write");
    }
    data += written;
    size -= static_cast<size_t>(written);
  }
}

/// Closes on every way out.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags) : value_(::open(path.c_str(), flags | O_CLOEXEC)) {
    if (value_ < 0) fail(path, "open");
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(value_); }
  [[nodiscard]] int get() const { return value_; }

 private:
  int value_;
};

size_t regular_size(int descriptor, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail(path, "stat");
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    fail(path, "read");
  }
  return static_cast<size_t>(status.st_size);
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : MappedFile(Descriptor(path, O_RDONLY).get(), path) {}

MappedFile::MappedFile(int descriptor, const std::filesystem::path& path) {
  size_ = regular_size(descriptor, path);
  if (size_ == 0) return;
  void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (address == MAP_FAILED) fail(path, "map");
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

std::string_view MappedFile::text() const { return {reinterpret_cast<const char*>(data_), size_}; }

void MappedFile::drop_pages(size_t offset, size_t length) const {
  static const size_t page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t begin = (offset + page - 1) / page * page;
  const size_t end = std::min(offset + length, size_) / page * page;
  if (data_ == nullptr || end <= begin) return;
  // Advice only: a failure costs memory, not correctness.
  (void)::madvise(const_cast<std::byte*>(data_ + begin), end - begin, MADV_DONTNEED);
}

ScratchFile::ScratchFile() {
  std::error_code error;
  folder_ = std::filesystem::temp_directory_path(error);
  if (error) throw IoError(fmt::format("TMPDIR: must name a folder, got {}", error.message()));
  std::string pattern = (folder_ / "albert-XXXXXX").string();
  descriptor_ = ::mkostemp(pattern.data(), O_CLOEXEC);
  if (descriptor_ < 0) fail(folder_, "create a temporary file");
  ::unlink(pattern.c_str());
}

ScratchFile::~ScratchFile() { ::close(descriptor_); }

void ScratchFile::write(std::span<const std::byte> bytes) {
  write_all(descriptor_, reinterpret_cast<const char*>(bytes.data()), bytes.size(), folder_);
}

MappedFile ScratchFile::map() const { return MappedFile(descriptor_, folder_); }

FileWriter::FileWriter(const std::filesystem::path& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor_ < 0) fail(path_, "create");
}

FileWriter::~FileWriter() {
  if (descriptor_ < 0) return;
  struct stat status {};
  // A device or a pipe that the user named as output is not ours to remove.
  const bool is_file = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  ::close(descriptor_);
  if (is_file) ::unlink(path_.c_str());
}

void FileWriter::write(std::string_view text) {
  size_ += text.size();
  if (buffer_.size() + text.size() > kBufferBytes) flush();
  if (text.size() < kBufferBytes) {
    buffer_.append(text);
    return;
  }
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), kWritebackBytes))) {
    append(text.substr(0, kWritebackBytes));
  }
}

void FileWriter::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void FileWriter::write_at(uint64_t offset, std::span<const std::byte> bytes) {
  ALBERT_CHECK(offset + bytes.size() <= size_, "write_at past the end of {}", path_.string());
  flush();
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      fail(path_, "write");
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
}

void FileWriter::append(std::string_view text) {
  write_all(descriptor_, text.data(), text.size(), path_);
  appended_ += text.size();
  if (appended_ - begun_ < kWritebackBytes) return;
  // The disk works while the next bytes are made, and the fsync at the end finds little left. Advice only: its errors come with fsync.
  (void)::sync_file_range(descriptor_, static_cast<off_t>(begun_), static_cast<off_t>(appended_ - begun_), SYNC_FILE_RANGE_WRITE);
  begun_ = appended_;
}

void FileWriter::flush() {
  append(buffer_);
  buffer_.clear();
}

void FileWriter::commit() {
  flush();
  if (::fsync(descriptor_) != 0 && errno != EINVAL) fail(path_, "fsync");  // EINVAL: a device or a pipe, which has nothing to sync
  const int descriptor = std::exchange(descriptor_, -1);
  if (::close(descriptor) != 0) fail(path_, "close");
}

std::string read_file(const std::filesystem::path& path, uint64_t limit_bytes) {
  const Descriptor file(path, O_RDONLY);
  const size_t expected = regular_size(file.get(), path);
  const auto check_limit = [&](size_t size) {
    if (size > limit_bytes) throw IoError(fmt::format("{}: larger than {} bytes", path.string(), limit_bytes));
  };
  check_limit(expected);
  std::string content;
  content.resize(expected);
  size_t filled = 0;
  for (;;) {
    if (filled == content.size()) content.resize(content.size() + 4096);  // pipes and /proc report size 0
    const ssize_t got = ::read(file.get(), content.data() + filled, content.size() - filled);
    if (got < 0) {
      if (errno == EINTR) continue;
      fail(path, "read");
    }
    if (got == 0) break;
    filled += static_cast<size_t>(got);
    check_limit(filled);
  }
  content.resize(filled);
  return content;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  ReplacingFile file(path);
  file.writer().write(content);
  file.commit();
}

void sync_directory(const std::filesystem::path& path) {
  const Descriptor folder(path, O_RDONLY | O_DIRECTORY);
  if (::fsync(folder.get()) != 0) fail(path, "fsync");
}

void make_directories(const std::filesystem::path& path) {
  if (path.empty() || std::filesystem::is_directory(path)) return;
  if (path.has_parent_path() && path.parent_path() != path) make_directories(path.parent_path());
  if (::mkdir(path.c_str(), 0700) != 0 && !(errno == EEXIST && std::filesystem::is_directory(path))) fail(path, "create folder");
}

}  // namespace albert
