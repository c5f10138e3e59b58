#include "train/append_file.h"

#include <albert/base/error.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace albert {

AppendFile::AppendFile(std::filesystem::path path, Existing existing) : path_(std::move(path)) {
  const int exclusive = existing == Existing::refuse ? O_EXCL : 0;
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | exclusive, 0600);
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
    const int code = errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    throw IoError(fmt::format("{}: cannot open for writing: {}", path_.string(), std::strerror(code)));
  }
  size_ = static_cast<uint64_t>(status.st_size);
}

AppendFile::~AppendFile() {
  if (!pending_.empty()) (void)write_pending();
  ::close(descriptor_);
}

bool AppendFile::append(std::string_view record) {
  if (pending_.size() + record.size() > kPendingLimitBytes) {
    ++dropped_;
  } else {
    pending_.append(record);
  }
  return write_pending();
}

bool AppendFile::write_pending() {
  size_t done = 0;
  while (done < pending_.size()) {
    const ssize_t written = ::write(descriptor_, pending_.data() + done, pending_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      error_ = std::strerror(written < 0 ? errno : ENOSPC);
      // Takes back the part of a record that found room: a reader never sees half a line.
      if (done > 0 && ::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) {
        size_ += done;
        pending_.erase(0, done);
      }
      return false;
    }
    done += static_cast<size_t>(written);
  }
  size_ += done;
  pending_.clear();
  return true;
}

bool AppendFile::sync() {
  if (!write_pending()) return false;
  if (::fsync(descriptor_) == 0) return true;
  error_ = std::strerror(errno);
  return false;
}

}  // namespace albert
