#include <albert/base/error.h>
#include <albert/data/corpus.h>

#include <glob.h>

#include <algorithm>
#include <map>
#include <system_error>

namespace albert {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> matches_of(const std::string& pattern, const std::string& where) {
  if (fs::exists(fs::path(pattern))) return {pattern};
  glob_t result{};
  const int code = ::glob(pattern.c_str(), 0, nullptr, &result);
  std::vector<std::string> names;
  if (code == 0) names.assign(result.gl_pathv, result.gl_pathv + result.gl_pathc);
  ::globfree(&result);
  if (code != 0 && code != GLOB_NOMATCH) throw DataError(fmt::format("{}: cannot search for {}", where, pattern));
  if (names.empty()) {
    const bool is_pattern = pattern.find_first_of("*?[") != std::string::npos;
    throw DataError(is_pattern ? fmt::format("{}: expected files, got none that match {}; check the pattern and the current folder", where, pattern)
                               : fmt::format("{}: expected a file, got nothing at {}; check the name and the current folder", where, pattern));
  }
  std::sort(names.begin(), names.end());  // by bytes: glob's own order depends on the locale
  return names;
}

/// The files of one source.
void add_files(const DataConfig& config, size_t i, std::vector<SourceFile>& files, std::map<std::string, size_t>& seen) {
  const std::string where = fmt::format("data.sources[{}].path", i);
  const std::string& pattern = config.sources[i].path;
  for (const std::string& name : matches_of(pattern, where)) {
    if (fs::is_directory(fs::path(name))) {
      if (name != pattern) continue;  // a pattern may match folders beside files
      throw DataError(fmt::format("{}: expected a file, got the folder {}; name its files, for example {}", where, name,
                                  (fs::path(name) / "*.txt").string()));
    }
    std::error_code error;
    const fs::path canonical = fs::canonical(name, error);
    const auto size = error ? 0 : fs::file_size(canonical, error);
    if (error) throw DataError(fmt::format("{}: cannot read {}: {}", where, name, error.message()));
    const auto [other, is_new] = seen.emplace(canonical.string(), i);
    if (!is_new) {
      throw DataError(fmt::format("{}: expected each file once, got {}, which data.sources[{}] reads too; to read a file more often "
                                  "use weight", where, name, other->second));
    }
    files.push_back({name, i, size});
  }
  if (files.empty() || files.back().source_index != i) {
    throw DataError(fmt::format("{}: expected files, got only folders that match {}; add a pattern for their files", where, pattern));
  }
}

}  // namespace

std::vector<SourceFile> list_source_files(const DataConfig& config) {
  std::vector<SourceFile> files;
  std::map<std::string, size_t> seen;
  std::string problems;
  for (size_t i = 0; i < config.sources.size(); ++i) {
    try {
      add_files(config, i, files, seen);
    } catch (const DataError& error) {
      problems += fmt::format("{}{}", problems.empty() ? "" : "\n", error.what());
    }
  }
  if (!problems.empty()) throw DataError(problems);
  return files;
}

}  // namespace albert
