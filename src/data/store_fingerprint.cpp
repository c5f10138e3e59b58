#include "store_fingerprint.h"

#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/data/sentences.h>

#include "byte_source.h"

#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace albert {
namespace {

using nlohmann::json;

constexpr int kReadingVersion = 1;  // raise when the same bytes and options give other paragraphs

int64_t change_time_ns(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return 0;
  return int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

}  // namespace

StoreFingerprint fingerprint_of(const DataConfig& config) {
  StoreFingerprint fingerprint;
  auto& options = fingerprint.options;
  options.push_back(fmt::format("reading rules={}", kReadingVersion));
  options.push_back(fmt::format("data.language={}", config.language));
  options.push_back(fmt::format("data.invalid_utf8={}", config::enum_name(config.invalid_utf8)));
  options.push_back(fmt::format("sentence rules={}", SentenceSplitter::version()));
  for (size_t i = 0; i < config.sources.size(); ++i) {
    const DataSourceConfig& source = config.sources[i];
    options.push_back(fmt::format("data.sources[{}].format={}", i, config::enum_name(source.format)));
    options.push_back(fmt::format("data.sources[{}].document_boundary={}", i, source.document_boundary));
    if (source.format == TextFormat::jsonl) options.push_back(fmt::format("data.sources[{}].text_key={}", i, source.text_key));
  }
  for (const SourceFile& file : list_source_files(config)) {
    fingerprint.files.push_back({file.path.filename().string(), file.source_index, file.size_bytes, change_time_ns(file.path), ""});
  }
  return fingerprint;
}

std::string content_hash(const std::filesystem::path& path) {
  const auto file = open_plain_source(path);
  std::vector<char> buffer(size_t{1} << 18U);
  Xxh3Stream hash;
  while (const size_t got = file->read(buffer.data(), buffer.size())) hash.update(std::as_bytes(std::span(buffer).first(got)));
  return to_hex(hash.digest());
}

std::string to_json(const StoreFingerprint& fingerprint) {
  json files = json::array();
  for (const FileFingerprint& file : fingerprint.files) {
    files.push_back({{"name", file.name},
                     {"source", file.source_index},
                     {"bytes", file.size_bytes},
                     {"changed_ns", file.changed_ns},
                     {"xxh3_64", file.content}});
  }
  return json({{"options", fingerprint.options}, {"files", files}}).dump(-1, ' ', false, json::error_handler_t::replace);
}

StoreFingerprint fingerprint_from_json(const std::string& text, const std::string& where) {
  StoreFingerprint fingerprint;
  try {
    const json parsed = json::parse(text);
    fingerprint.options = parsed.at("options").get<std::vector<std::string>>();
    for (const json& file : parsed.at("files")) {
      fingerprint.files.push_back({file.at("name").get<std::string>(), file.at("source").get<uint64_t>(), file.at("bytes").get<uint64_t>(),
                                   file.at("changed_ns").get<int64_t>(), file.at("xxh3_64").get<std::string>()});
    }
  } catch (const json::exception&) {
    throw DataError(fmt::format("{}: expected a list of source files in the store, got something else; delete the store to have it built again", where));
  }
  return fingerprint;
}

std::string difference(const StoreFingerprint& made_from, const StoreFingerprint& now, const std::vector<SourceFile>& files) {
  // Files are compared first: a file more or less changes the lists of options as well.
  for (size_t i = 0; i < std::max(made_from.files.size(), now.files.size()); ++i) {
    if (i >= now.files.size()) return fmt::format("{} is missing", made_from.files[i].name);
    if (i >= made_from.files.size()) return fmt::format("{} is new", now.files[i].name);
    const FileFingerprint& then = made_from.files[i];
    const FileFingerprint& file = now.files[i];
    if (then.name != file.name || then.source_index != file.source_index) return fmt::format("{} stands where {} was", file.name, then.name);
    if (then.size_bytes != file.size_bytes) {
      return fmt::format("{} has changed ({} bytes, were {})", file.name, file.size_bytes, then.size_bytes);
    }
    if (then.changed_ns != file.changed_ns && content_hash(files[i].path) != then.content) {
      return fmt::format("{} has changed (the same size, other bytes)", file.name);
    }
  }
  for (size_t i = 0; i < std::max(made_from.options.size(), now.options.size()); ++i) {
    const std::string then = i < made_from.options.size() ? made_from.options[i] : "nothing";
    const std::string current = i < now.options.size() ? now.options[i] : "nothing";
    if (then == current) continue;
    const size_t value = then.find('=') + 1;  // the name once is enough
    const bool same_name = current.starts_with(then.substr(0, value));
    return fmt::format("{}, was {}", current, same_name ? then.substr(value) : then);
  }
  return "";
}

}  // namespace albert
