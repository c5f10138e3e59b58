#include <albert/io/tar.h>

#include <albert/base/error.h>
#include <albert/io/json_text.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

namespace albert::io {
namespace {

constexpr size_t kBlockBytes = 512;
constexpr size_t kMaxPaxBytes = size_t{64} << 10U;

/// Fields of a ustar header (POSIX.1-1988): begin and length.
struct HeaderField {
  size_t begin;
  size_t length;
};
constexpr HeaderField kName{0, 100}, kSize{124, 12}, kChecksum{148, 8}, kKind{156, 1}, kMagic{257, 5}, kPrefix{345, 155};

std::string_view raw(std::string_view header, HeaderField field) { return header.substr(field.begin, field.length); }
/// Up to the first NUL.
std::string_view text(std::string_view header, HeaderField field) {
  const std::string_view bytes = raw(header, field);
  return bytes.substr(0, bytes.find('\0'));
}

bool is_control(char byte) { return static_cast<uint8_t>(byte) < 0x20U || byte == 0x7f; }
bool is_octal(char digit) { return digit >= '0' && digit <= '7'; }

/// Octal digits between blanks and NULs, or, as GNU writes large ones, a binary number behind 0x80.
std::optional<uint64_t> number(std::string_view field) {
  uint64_t value = 0;
  if (static_cast<uint8_t>(field.front()) == 0x80U) {
    for (const char byte : field.substr(1)) {
      if (value >> 56U != 0) return std::nullopt;
      value = (value << 8U) | static_cast<uint8_t>(byte);
    }
    return value;
  }
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  while (!field.empty() && (field.back() == ' ' || field.back() == '\0')) field.remove_suffix(1);
  if (field.empty() || !std::ranges::all_of(field, is_octal)) return std::nullopt;
  for (const char digit : field) value = value * 8 + static_cast<uint64_t>(digit - '0');
  return value;
}

/// The sum of all bytes, those of the checksum itself taken for blanks.
uint64_t checksum(std::string_view header) {
  uint64_t sum = kChecksum.length * ' ';
  for (size_t i = 0; i < header.size(); ++i) {
    if (i < kChecksum.begin || i >= kChecksum.begin + kChecksum.length) sum += static_cast<uint8_t>(header[i]);
  }
  return sum;
}

std::string_view kind_name(char kind) {
  switch (kind) {
    case '1':
      return "a hard link";
    case '2':
      return "a symbolic link";
    case '3':
    case '4':
      return "a device";
    case '6':
      return "a pipe";
    case 'S':
      return "a sparse file";
    default:
      return "an unknown kind";
  }
}

class TarReader {
 public:
  TarReader(std::string_view archive, const std::string& name) : rest_(archive), size_(archive.size()), name_(name) {}

  std::vector<TarMember> run() {
    while (rest_.size() >= kBlockBytes) {
      const std::string_view header = rest_.substr(0, kBlockBytes);
      if (header.find_first_not_of('\0') == std::string_view::npos) return std::move(members_);
      rest_.remove_prefix(kBlockBytes);
      read_member(header);
    }
    fail("wanted the end of the archive, got the end of the file; it is cut short");
  }

 private:
  /// What a pax or GNU header says of the member after it.
  struct Extension {
    std::optional<std::string> path;
    std::optional<uint64_t> size_bytes;
  };

  void read_member(std::string_view header) {
    if (number(raw(header, kChecksum)) != checksum(header)) {
      fail(fmt::format("wanted the checksum of the header at byte {}, got another; the file is damaged or no tar archive",
                       size_ - rest_.size() - kBlockBytes));
    }
    const auto stated = number(raw(header, kSize));
    if (!stated) fail("wanted the size of a member, got other bytes; the file is damaged");
    const char kind = raw(header, kKind).front();
    if (kind == 'x' || kind == 'g' || kind == 'L' || kind == 'K') {
      if (*stated > kMaxPaxBytes)
        fail(fmt::format("wanted an extended header of at most {} bytes, got {}", kMaxPaxBytes, *stated));
      const std::string_view content = take(*stated);
      if (kind == 'x') read_pax(content);
      if (kind == 'L') extension_.path = content.substr(0, content.find('\0'));
      return;
    }
    const std::string path = extension_.path ? *extension_.path : path_of(header);
    const uint64_t size_bytes = extension_.size_bytes.value_or(*stated);
    extension_ = {};
    add(kind, path, size_bytes);
  }

  void add(char kind, const std::string& stated_path, uint64_t size_bytes) {
    const std::string path = checked_path(stated_path);
    const bool is_folder = kind == '5' || (kind == '\0' && stated_path.ends_with('/'));
    if (!is_folder && kind != '0' && kind != '\0') {
      fail(fmt::format("wanted files and folders, got {} (member {}); make the archive again from plain files", kind_name(kind),
                       quoted_text(path)));
    }
    const std::string_view content = take(size_bytes);
    if (is_folder) return;
    if (path.empty()) fail("wanted a path of each member, got none");
    if (members_.size() == kMaxTarMembers) fail(fmt::format("wanted at most {} files, got more", kMaxTarMembers));
    if (!paths_.insert(path).second) fail(fmt::format("wanted each path once, got {} twice", quoted_text(path)));
    members_.push_back({.path = path, .bytes = std::as_bytes(std::span(content))});
  }

  static std::string path_of(std::string_view header) {
    const std::string_view prefix = raw(header, kMagic) == "ustar" ? text(header, kPrefix) : std::string_view();
    return prefix.empty() ? std::string(text(header, kName)) : fmt::format("{}/{}", prefix, text(header, kName));
  }

  /// Without empty and "." parts.
  [[nodiscard]] std::string checked_path(std::string_view path) const {
    if (path.size() > kMaxTarPathBytes)
      fail(fmt::format("wanted paths of at most {} bytes, got {}", kMaxTarPathBytes, path.size()));
    if (path.starts_with('/')) fail(fmt::format("wanted relative paths, got {}", quoted_text(path)));
    if (std::ranges::any_of(path, is_control))
      fail(fmt::format("wanted paths without control characters, got {}", quoted_text(path)));
    std::string checked;
    for (std::string_view rest = path; !rest.empty();) {
      const size_t slash = std::min(rest.find('/'), rest.size());
      const std::string_view part = rest.substr(0, slash);
      rest.remove_prefix(std::min(slash + 1, rest.size()));
      if (part == "..") fail(fmt::format("wanted paths without \"..\", got {}", quoted_text(path)));
      if (part.empty() || part == ".") continue;
      if (!checked.empty()) checked += '/';
      checked += part;
    }
    return checked;
  }

  /// Records "LENGTH KEY=VALUE\n", LENGTH counting all of it.
  void read_pax(std::string_view content) {
    while (!content.empty()) {
      uint64_t length = 0;
      size_t digits = 0;
      for (; digits < content.size() && content[digits] >= '0' && content[digits] <= '9' && length <= kMaxPaxBytes; ++digits) {
        length = length * 10 + static_cast<uint64_t>(content[digits] - '0');
      }
      if (digits == 0 || length <= digits + 1 || length > content.size() || content[digits] != ' ' ||
          content[length - 1] != '\n') {
        fail("wanted records in an extended header, got other bytes; the file is damaged");
      }
      const std::string_view record = content.substr(digits + 1, length - digits - 2);
      content.remove_prefix(length);
      const size_t equals = record.find('=');
      if (equals == std::string_view::npos) fail("wanted records in an extended header, got other bytes; the file is damaged");
      apply(record.substr(0, equals), record.substr(equals + 1));
    }
  }

  void apply(std::string_view key, std::string_view value) {
    if (key == "path") extension_.path = value;
    if (key.starts_with("GNU.sparse")) fail("wanted plain files, got a sparse file; make the archive again without --sparse");
    if (key != "size") return;
    constexpr size_t kMostDigits = 18;
    if (value.empty() || value.size() > kMostDigits || value.find_first_not_of("0123456789") != std::string_view::npos) {
      fail("wanted the size of a member, got other bytes; the file is damaged");
    }
    extension_.size_bytes = std::stoull(std::string(value));
  }

  /// The content of a member, and the padding behind it.
  std::string_view take(uint64_t size_bytes) {
    if (size_bytes > rest_.size()) {
      fail(fmt::format("wanted {} bytes of a member, got {}; the file is cut short or damaged", size_bytes, rest_.size()));
    }
    const std::string_view content = rest_.substr(0, size_bytes);
    const uint64_t padded = (size_bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
    rest_.remove_prefix(std::min<uint64_t>(padded, rest_.size()));
    return content;
  }

  [[noreturn]] void fail(const std::string& what) const { throw IoError(fmt::format("{}: {}", name_, what)); }

  std::string_view rest_;
  size_t size_;
  const std::string& name_;
  Extension extension_;
  std::vector<TarMember> members_;
  std::set<std::string, std::less<>> paths_;
};

}  // namespace

bool is_tar(std::span<const std::byte> bytes) {
  const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (view.size() < kBlockBytes) return false;
  const std::string_view header = view.substr(0, kBlockBytes);
  // The oldest form has no magic: there the checksum tells, for which a name is wanted lest a block of blanks were one.
  return raw(header, kMagic) == "ustar" || (header.front() != '\0' && number(raw(header, kChecksum)) == checksum(header));
}

std::vector<TarMember> parse_tar(std::span<const std::byte> bytes, const std::string& name) {
  return TarReader({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name).run();
}

}  // namespace albert::io
