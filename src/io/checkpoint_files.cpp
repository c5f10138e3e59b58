#include "io/checkpoint_files.h"

#include "io/manifest.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/io/json_text.h>
#include <albert/io/safetensors.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <set>

namespace albert::io {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLargestManifestBytes = uint64_t{16} << 20U;

ManifestFile write_arrays(const fs::path& path, const NamedArrays& arrays) {
  Xxh3Stream digest;
  FileWriter writer(path);
  // "format" is what transformers asks of a file before it loads it.
  write_safetensors(writer, arrays, {{"format", "pt"}}, &digest);
  ManifestFile entry{.size_bytes = writer.size_bytes(), .xxh3_64 = to_hex(digest.digest()), .tensors = {}, .has_tensors = true};
  writer.commit();
  for (const auto& [name, array] : arrays) entry.tensors.emplace(name, to_hex(xxh3_64(array.bytes)));
  return entry;
}

ManifestFile write_bytes(const fs::path& path, std::string_view bytes) {
  FileWriter writer(path);
  writer.write(bytes);
  writer.commit();
  return {.size_bytes = bytes.size(), .xxh3_64 = to_hex(xxh3_64(bytes)), .tensors = {}, .has_tensors = false};
}

/// Files that should be there and are not, and the other way round. Names that begin with a dot are the file system's own
/// business.
std::vector<std::string> compare_names(const fs::path& folder, const Manifest& manifest) {
  std::vector<std::string> problems;
  std::error_code error;
  for (const auto& [name, entry] : manifest.files) {
    // is_regular_file: a pipe or a device would block or never end.
    if (!fs::is_regular_file(folder / name, error)) problems.push_back(fmt::format("{} is missing", quoted_text(name)));
  }
  fs::directory_iterator entries(folder, error);
  if (error) throw IoError(fmt::format("{}: cannot list: {}", folder.string(), error.message()));
  std::set<std::string> unexpected;
  for (const auto& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') && name != kManifestName && !manifest.files.contains(name)) unexpected.insert(name);
  }
  for (const std::string& name : unexpected) problems.push_back(fmt::format("{} does not belong to it", quoted_text(name)));
  return problems;
}

/// Which tensors of a file with a wrong checksum are to blame.
std::string describe_damage(const std::string& name, const ManifestFile& entry, const MappedFile& file) {
  if (!entry.has_tensors) return fmt::format("{} is damaged", quoted_text(name));
  SafetensorsContent content;
  try {
    content = parse_safetensors(file.bytes(), name);
  } catch (const IoError& error) {
    return fmt::format("{} is damaged in its header", quoted_text(name));
  }
  std::vector<std::string> damaged;
  for (const auto& [tensor, checksum] : entry.tensors) {
    const auto found = content.arrays.find(tensor);
    if (found == content.arrays.end() || to_hex(xxh3_64(found->second.bytes)) != checksum) damaged.push_back(quoted_text(tensor));
  }
  if (damaged.empty()) return fmt::format("{} is damaged in its header", quoted_text(name));
  constexpr size_t kShown = 5;
  const size_t more = damaged.size() - std::min(damaged.size(), kShown);
  damaged.resize(damaged.size() - more);
  return fmt::format("{} is damaged in tensor {}{}", quoted_text(name), fmt::join(damaged, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

std::string wrong_size(const std::string& name, uint64_t got, uint64_t wanted) {
  return fmt::format("{} has {} bytes instead of {}", quoted_text(name), got, wanted);
}

/// Of a file that is read in pieces. A map of it would count as memory of the process, and its page faults cost more than the copy.
struct FileDigest {
  uint64_t size_bytes = 0;
  uint64_t xxh3_64 = 0;
};

FileDigest digest_of_file(const fs::path& path) {
  constexpr size_t kPieceBytes = size_t{1} << 20U;
  const auto fail = [&path](std::string_view action) {
    throw IoError(fmt::format("{}: cannot {}: {}", path.string(), action, std::strerror(errno)));
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail("open");
  const std::unique_ptr<const int, void (*)(const int*)> closing(&descriptor, [](const int* open) { ::close(*open); });
  const std::unique_ptr<std::byte[]> piece(new std::byte[kPieceBytes]);  // NOLINT: make_unique would clear it first
  FileDigest result;
  Xxh3Stream digest;
  for (;;) {
    const ssize_t got = ::read(descriptor, piece.get(), kPieceBytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read");
    if (got == 0) break;
    digest.update(std::span(piece.get(), static_cast<size_t>(got)));
    result.size_bytes += static_cast<uint64_t>(got);
  }
  result.xxh3_64 = digest.digest();
  return result;
}

/// Nothing where size and checksum are right.
std::optional<std::string> check_file(const std::string& name, const ManifestFile& entry, const MappedFile& file) {
  if (file.bytes().size() != entry.size_bytes) return wrong_size(name, file.bytes().size(), entry.size_bytes);
  if (to_hex(xxh3_64(file.bytes())) != entry.xxh3_64) return describe_damage(name, entry, file);
  return std::nullopt;
}

void check_folder_name(const fs::path& path, int64_t step) {
  std::error_code error;
  const fs::path resolved = fs::canonical(path, error);
  const std::optional<int64_t> named = step_of_name((error ? path : resolved).filename().string());
  if (named && *named != step) {
    throw IoError(fmt::format(
        "{}: wanted the checkpoint of step {}, got that of step {}; the folder was renamed or its files were replaced",
        path.string(), *named, step));
  }
}

Manifest read_manifest(const fs::path& path) {
  std::error_code error;
  const fs::path manifest_path = path / kManifestName;
  if (!fs::is_regular_file(manifest_path, error))
    throw IoError(fmt::format("{}: wanted a checkpoint, got no {}", path.string(), kManifestName));
  Manifest manifest = parse_manifest(read_file(manifest_path, kLargestManifestBytes), manifest_path.string());
  check_folder_name(path, manifest.identity.step);
  return manifest;
}

std::string describe_problems(const fs::path& path, const std::vector<std::string>& problems) {
  return fmt::format("{}: wanted the files of its manifest, got: {}", path.string(), fmt::join(problems, ", "));
}

}  // namespace

std::string step_name(int64_t step) { return fmt::format("step-{:08d}", step); }

std::optional<int64_t> step_of_name(std::string_view name) {
  constexpr std::string_view kPrefix = "step-";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const std::string_view digits = name.substr(kPrefix.size());
  int64_t step = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  if (error != std::errc() || end != digits.data() + digits.size() || step < 0 || step_name(step) != name) return std::nullopt;
  return step;
}

uint64_t content_bytes(const CheckpointContent& content) {
  uint64_t total = 0;
  for (const auto& [file, arrays] : content.arrays) {
    for (const auto& [name, array] : arrays) total += array.bytes.size();
  }
  for (const auto& [file, bytes] : content.files) total += bytes.size();
  return total;
}

void write_checkpoint_files(const fs::path& folder, const CheckpointIdentity& identity, const CheckpointContent& content) {
  make_directories(folder);
  Manifest manifest{.identity = identity, .files = {}};
  const auto check_name = [&manifest](const std::string& name) {
    ALBERT_CHECK(is_plain_file_name(name) && !manifest.files.contains(name), "checkpoint: cannot hold a file named {}",
                 quoted_text(name));
  };
  for (const auto& [name, arrays] : content.arrays) {
    check_name(name);
    manifest.files.emplace(name, write_arrays(folder / name, arrays));
  }
  for (const auto& [name, bytes] : content.files) {
    check_name(name);
    manifest.files.emplace(name, write_bytes(folder / name, bytes));
  }
  write_bytes(folder / kManifestName, to_text(manifest));
  sync_directory(folder);
}

void fetch_anew(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const int descriptor = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) continue;
    (void)::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
    // All at once: page by page, as a mapped file is read, the disk would wait for us and we for the disk.
    (void)::posix_fadvise(descriptor, 0, 0, POSIX_FADV_WILLNEED);
    ::close(descriptor);
  }
}

const NamedArrays& LoadedCheckpoint::arrays(const std::string& file) const {
  const auto found = arrays_.find(file);
  if (found == arrays_.end())
    throw IoError(fmt::format("{}: wanted arrays in {}, got no such file", path_.string(), quoted_text(file)));
  return found->second;
}

std::string_view LoadedCheckpoint::file(const std::string& name) const {
  const auto found = mapped_.find(name);
  if (found == mapped_.end())
    throw IoError(fmt::format("{}: wanted file {}, got none of that name", path_.string(), quoted_text(name)));
  return found->second.text();
}

CheckpointSummary read_checkpoint_summary(const fs::path& path) {
  const Manifest manifest = read_manifest(path);
  CheckpointSummary summary{.identity = manifest.identity, .file_bytes = {}};
  std::vector<std::string> problems = compare_names(path, manifest);
  for (const auto& [name, entry] : manifest.files) {
    std::error_code error;
    const uint64_t size = fs::is_regular_file(path / name, error) ? fs::file_size(path / name, error) : entry.size_bytes;
    if (error) problems.push_back(fmt::format("{} cannot be read ({})", quoted_text(name), error.message()));
    else if (size != entry.size_bytes) problems.push_back(wrong_size(name, size, entry.size_bytes));
    summary.file_bytes.emplace(name, entry.size_bytes);
  }
  if (!problems.empty()) throw IoError(describe_problems(path, problems));
  return summary;
}

void verify_checkpoint(const fs::path& path) {
  const Manifest manifest = read_manifest(path);
  std::error_code error;
  std::vector<std::string> problems = compare_names(path, manifest);
  for (const auto& [name, entry] : manifest.files) {
    if (!fs::is_regular_file(path / name, error)) continue;  // already listed
    const FileDigest digest = digest_of_file(path / name);
    if (digest.size_bytes == entry.size_bytes && to_hex(digest.xxh3_64) == entry.xxh3_64) continue;
    // Read again for which tensors: what was wrong once is told, even if it is right now.
    problems.push_back(check_file(name, entry, MappedFile(path / name)).value_or(fmt::format("{} reads differently each time", quoted_text(name))));
  }
  if (!problems.empty()) throw IoError(describe_problems(path, problems));
}

LoadedCheckpoint load_checkpoint(const fs::path& path) {
  const Manifest manifest = read_manifest(path);
  std::error_code error;
  LoadedCheckpoint loaded;
  loaded.path_ = path;
  loaded.identity_ = manifest.identity;
  std::vector<std::string> problems = compare_names(path, manifest);
  for (const auto& [name, entry] : manifest.files) {
    if (!fs::is_regular_file(path / name, error)) continue;  // already listed
    const MappedFile& file = loaded.mapped_.emplace(name, path / name).first->second;
    if (auto problem = check_file(name, entry, file)) problems.push_back(*std::move(problem));
  }
  if (!problems.empty()) throw IoError(describe_problems(path, problems));

  for (const auto& [name, entry] : manifest.files) {
    if (!entry.has_tensors) continue;
    loaded.arrays_.emplace(name, parse_safetensors(loaded.mapped_.at(name).bytes(), (path / name).string()).arrays);
  }
  return loaded;
}

}  // namespace albert::io
