// Files: memory maps, checked writes, write-then-rename. Files are made 0600 and folders 0700 (under the umask).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace albert {

/// A file mapped read-only. Empty files are allowed (an empty span). Throws IoError with the path and the system's reason.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const;
  /// Tells the kernel that the pages will not be needed soon (keeps the resident size of a streaming reader flat).
  void drop_pages(size_t offset, size_t length) const;

 private:
  friend class ScratchFile;
  MappedFile(int descriptor, const std::filesystem::path& path);

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// A new file, written front to back. Every call throws IoError with the path and the system's reason; a file that was not
/// closed by `commit()` is removed by the destructor, so that nothing half-written is left (a device or pipe stays).
class FileWriter {
 public:
  /// Creates or truncates `path` with mode 0600.
  explicit FileWriter(const std::filesystem::path& path);
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter();

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  /// Overwrites earlier bytes (a header that is known only at the end).
  void write_at(uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] uint64_t size_bytes() const { return size_; }
  /// Flushes, fsyncs and closes. The folder is not fsynced: see sync_directory.
  void commit();

 private:
  void append(std::string_view text);
  void flush();

  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
  uint64_t appended_ = 0;  ///< bytes that the system has
  uint64_t begun_ = 0;     ///< of these, what the disk was asked to write
  std::string buffer_;
};

/// A file without a name, for what is too large for memory: it is made in the folder for temporary files (TMPDIR, else /tmp) and gone
/// with the last of this object and its map, after a crash too. Throws IoError that names the folder.
class ScratchFile {
 public:
  ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile();

  void write(std::span<const std::byte> bytes);
  /// What was written; stays when this object goes.
  [[nodiscard]] MappedFile map() const;

 private:
  std::filesystem::path folder_;
  int descriptor_ = -1;
};

/// The whole file as bytes. Throws IoError, also when it is larger than `limit_bytes`.
std::string read_file(const std::filesystem::path& path, uint64_t limit_bytes = UINT64_MAX);

/// Replaces `path` by `content`: temporary file beside it, fsync, rename, fsync of the folder. A crash leaves the old or the new.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// fsync of a folder, so that the names in it survive a power cut. Throws IoError.
void sync_directory(const std::filesystem::path& path);

/// Makes the folder and its parents, mode 0700. Throws IoError.
void make_directories(const std::filesystem::path& path);

}  // namespace albert
