#include "document_boundary.h"

#include <albert/base/error.h>
#include <albert/data/sentences.h>

#include <unicode/regex.h>
#include <unicode/utext.h>

namespace albert {
namespace {

constexpr std::string_view kHeadingPrefix = "heading_regex:";

}  // namespace

struct HeadingMatcher::Impl {
  std::unique_ptr<icu::RegexMatcher> matcher;
};

HeadingMatcher::HeadingMatcher(const std::string& regex) : impl_(std::make_unique<Impl>()) {
  UErrorCode status = U_ZERO_ERROR;
  impl_->matcher = std::make_unique<icu::RegexMatcher>(icu::UnicodeString::fromUTF8(regex), 0, status);
  if (U_FAILURE(status) != 0) {
    throw ConfigError(fmt::format("must hold a regular expression, got {} ({})", regex, u_errorName(status)));
  }
  constexpr int32_t kStackBytes = 1 << 20;
  constexpr int32_t kTimeUnits = 1000;  // about a second: only a regex that explodes needs as long for kMaximumHeadingBytes
  impl_->matcher->setStackLimit(kStackBytes, status);
  impl_->matcher->setTimeLimit(kTimeUnits, status);
}

HeadingMatcher::~HeadingMatcher() = default;

bool HeadingMatcher::matches(std::string_view line) {
  if (line.size() > kMaximumHeadingBytes) return false;
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString text = icu::UnicodeString::fromUTF8(icu::StringPiece(line.data(), static_cast<int32_t>(line.size())));
  impl_->matcher->reset(text);
  const bool found = impl_->matcher->find(status) != 0;
  if (U_FAILURE(status) != 0) {
    throw DataError(fmt::format("heading_regex: gave up on a line of {} bytes ({}); use a simpler expression", line.size(), u_errorName(status)));
  }
  return found;
}

DocumentBoundary parse_document_boundary(std::string_view text) {
  using Kind = DocumentBoundary::Kind;
  if (text == "blank_line") return {Kind::blank_line, ""};
  if (text == "file") return {Kind::file, ""};
  if (text.starts_with(kHeadingPrefix)) {
    const std::string regex(trim(text.substr(kHeadingPrefix.size())));
    if (regex.empty()) throw ConfigError("must hold a regular expression after heading_regex:, got nothing");
    const HeadingMatcher compiled(regex);  // refuses what ICU does not read
    return {Kind::heading_regex, regex};
  }
  throw ConfigError(fmt::format("must be blank_line, file or \"heading_regex: REGEX\", got {}", text));
}

}  // namespace albert
