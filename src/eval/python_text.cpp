#include "eval/python_text.h"

#include <albert/base/error.h>

#include <unicode/ucasemap.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace albert {
namespace {

struct CloseCaseMap {
  void operator()(UCaseMap* map) const { ucasemap_close(map); }
};

int32_t lower_into(const UCaseMap& map, std::string_view text, std::string& result) {
  UErrorCode status = U_ZERO_ERROR;
  const int32_t size = ucasemap_utf8ToLower(&map, result.data(), static_cast<int32_t>(result.size()), text.data(),
                                            static_cast<int32_t>(text.size()), &status);
  ALBERT_CHECK(U_SUCCESS(status) || status == U_BUFFER_OVERFLOW_ERROR, "lower case: {}", u_errorName(status));
  return size;
}

std::string lower_ascii(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return result;
}

}  // namespace

std::string python_lower(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return lower_ascii(text);
  ALBERT_CHECK(text.size() < std::numeric_limits<int32_t>::max() / 4, "an answer of {} bytes", text.size());
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UCaseMap, CloseCaseMap> map(ucasemap_open(/*locale=*/"", U_FOLD_CASE_DEFAULT, &status));
  ALBERT_CHECK(U_SUCCESS(status), "ICU has no case mapping: {}", u_errorName(status));
  std::string result(text.size() + text.size() / 2, '\0');
  const auto size = static_cast<size_t>(lower_into(*map, text, result));
  const bool fitted = size <= result.size();
  result.resize(size);
  if (!fitted) lower_into(*map, text, result);
  return result;
}

bool is_python_space(char32_t character) {
  const auto c = static_cast<UChar32>(character);
  const UCharDirection direction = u_charDirection(c);
  return u_charType(c) == U_SPACE_SEPARATOR || direction == U_WHITE_SPACE_NEUTRAL || direction == U_BLOCK_SEPARATOR ||
         direction == U_SEGMENT_SEPARATOR;
}

bool is_python_word(char32_t character) {
  const auto c = static_cast<UChar32>(character);
  return c == '_' || u_isalpha(c) != 0 || u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE) != U_NT_NONE;
}

}  // namespace albert
