#include "io/manifest.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/io/json_text.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace albert::io {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kTailStart = ",\n  \"sha256\": \"";
constexpr std::string_view kTailEnd = "\"\n}\n";
constexpr std::string_view kBodyEnd = "\n}\n";
constexpr size_t kDigestDigits = 64;
constexpr size_t kTailBytes = kTailStart.size() + kDigestDigits + kTailEnd.size();

bool is_hexadecimal(std::string_view text, size_t digits) {
  return text.size() == digits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Reads members of one object, and refuses those that nobody asked for.
class ObjectReader {
 public:
  ObjectReader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) throw IoError(fmt::format("{}: wanted an object, got {}", where_, json.type_name()));
  }

  const Json& member(const char* key) {
    const auto found = json_.find(key);
    if (found == json_.end()) throw IoError(fmt::format("{}: wanted {}, got none", where_, quoted_text(key)));
    ++taken_;
    return *found;
  }
  std::string text(const char* key) {
    const Json& value = member(key);
    if (!value.is_string())
      throw IoError(fmt::format("{}: wanted {} to be a string, got {}", where_, quoted_text(key), value.type_name()));
    return value.get<std::string>();
  }
  uint64_t number(const char* key) {
    const Json& value = member(key);
    if (!value.is_number_unsigned())
      throw IoError(
          fmt::format("{}: wanted {} to be a non-negative integer, got {}", where_, quoted_text(key), value.type_name()));
    return value.get<uint64_t>();
  }
  std::string checksum(const char* key) {
    std::string value = text(key);
    if (!is_hexadecimal(value, 16))
      throw IoError(fmt::format("{}: wanted {} of 16 hexadecimal digits, got {}", where_, quoted_text(key), quoted_text(value)));
    return value;
  }
  std::map<std::string, std::string> texts(const char* key) {
    const Json& object = member(key);
    ObjectReader reader(object, where_ + "." + key);
    std::map<std::string, std::string> values;
    for (const auto& [name, value] : object.items()) {
      if (!value.is_string())
        throw IoError(fmt::format("{}.{}: wanted {} to be a string, got {}", where_, key, quoted_text(name), value.type_name()));
      values.emplace(name, value.get<std::string>());
    }
    return values;
  }
  [[nodiscard]] bool contains(const char* key) const { return json_.contains(key); }
  void require_no_more() const {
    if (json_.size() != taken_) throw IoError(fmt::format("{}: wanted {} members, got {}", where_, taken_, json_.size()));
  }

 private:
  const Json& json_;
  std::string where_;
  size_t taken_ = 0;
};

/// The text without its last member, as it was hashed. Throws where the text does not end as to_text writes it, or the hash
/// differs.
std::string checked_body(std::string_view text, std::string_view name) {
  const bool ends_well = text.size() > kTailBytes && text.ends_with(kTailEnd) &&
                         text.substr(text.size() - kTailBytes, kTailStart.size()) == kTailStart;
  if (!ends_well)
    throw IoError(
        fmt::format("{}: wanted a manifest that ends with its sha256, got another end; it is cut short or damaged", name));
  const std::string_view stated = text.substr(text.size() - kTailEnd.size() - kDigestDigits, kDigestDigits);
  std::string body = std::string(text.substr(0, text.size() - kTailBytes)) + std::string(kBodyEnd);
  const std::string found = sha256_hex(body);
  if (stated != found)
    throw IoError(fmt::format("{}: wanted sha256 {}, got {}; it is damaged", name, quoted_text(stated), found));
  return body;
}

ManifestFile parse_file(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  ManifestFile file{.size_bytes = reader.number("size"),
                    .xxh3_64 = reader.checksum("xxh3_64"),
                    .tensors = {},
                    .has_tensors = reader.contains("tensors")};
  if (file.has_tensors) file.tensors = reader.texts("tensors");
  reader.require_no_more();
  for (const auto& [tensor, checksum] : file.tensors) {
    if (!is_hexadecimal(checksum, 16))
      throw IoError(
          fmt::format("{}: tensor {}: wanted 16 hexadecimal digits, got {}", where, quoted_text(tensor), quoted_text(checksum)));
  }
  return file;
}

}  // namespace

bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name.front() != '.' && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos && name != kManifestName;
}

std::string to_text(const Manifest& manifest) {
  Json files = Json::object();
  for (const auto& [file_name, file] : manifest.files) {
    Json entry{{"size", file.size_bytes}, {"xxh3_64", file.xxh3_64}};
    if (file.has_tensors) entry["tensors"] = Json(file.tensors);
    files[file_name] = std::move(entry);
  }
  const Json body{{"format_version", kManifestVersion},
                  {"run_id", manifest.identity.run_id},
                  {"step", static_cast<uint64_t>(manifest.identity.step)},
                  {"hashes", manifest.identity.hashes},
                  {"files", std::move(files)}};
  std::string text = body.dump(/*indent=*/2);
  text.resize(text.size() - std::string_view("\n}").size());
  const std::string digest = sha256_hex(text + std::string(kBodyEnd));
  return fmt::format("{}{}{}{}", text, kTailStart, digest, kTailEnd);
}

Manifest parse_manifest(std::string_view text, std::string_view name) {
  const std::string body = checked_body(text, name);
  const Json json = parse_json(body, name);
  ObjectReader reader(json, std::string(name));
  const uint64_t version = reader.number("format_version");
  if (version != static_cast<uint64_t>(kManifestVersion)) {
    throw IoError(fmt::format("{}: wanted format version {}, got {}; it was written by another version of albert", name,
                              kManifestVersion, version));
  }
  Manifest manifest;
  manifest.identity.run_id = reader.text("run_id");
  const uint64_t step = reader.number("step");
  if (step > static_cast<uint64_t>(INT64_MAX)) throw IoError(fmt::format("{}: wanted a step below 2^63, got {}", name, step));
  manifest.identity.step = static_cast<int64_t>(step);
  manifest.identity.hashes = reader.texts("hashes");
  const Json& files = reader.member("files");
  const ObjectReader files_are_an_object(files, std::string(name) + ".files");
  for (const auto& [file_name, entry] : files.items()) {
    if (!is_plain_file_name(file_name))
      throw IoError(fmt::format("{}: wanted the plain name of a file, got {}", name, quoted_text(file_name)));
    manifest.files.emplace(file_name, parse_file(entry, fmt::format("{}: file {}", name, quoted_text(file_name))));
  }
  reader.require_no_more();
  return manifest;
}

}  // namespace albert::io
