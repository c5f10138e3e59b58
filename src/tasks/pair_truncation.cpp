#include <albert/base/error.h>
#include <albert/tasks/pair_truncation.h>

#include <algorithm>
#include <array>

namespace albert {
namespace {

void require_length(int64_t max_length, int64_t num_special) {
  if (max_length >= num_special) return;
  throw ConfigError(
      fmt::format("max_length: must leave room for the {} special tokens of a sequence, got {}", num_special, max_length));
}

int64_t size_of(const std::vector<int32_t>& pieces) { return static_cast<int64_t>(pieces.size()); }

InputSequence join(const std::vector<int32_t>& a, const std::vector<int32_t>& b, const SpecialTokens& special) {
  InputSequence result;
  result.ids.reserve(a.size() + b.size() + 3);
  result.ids.push_back(special.cls);
  result.ids.insert(result.ids.end(), a.begin(), a.end());
  result.ids.push_back(special.sep);
  result.second_segment_begin = static_cast<int32_t>(result.ids.size());
  result.ids.insert(result.ids.end(), b.begin(), b.end());
  result.ids.push_back(special.sep);
  return result;
}

/// Characters whose compatibility decomposition is "_", and "_" itself.
constexpr std::array<std::string_view, 7> kLowLines = {
    "_", "\xEF\xB8\xB3", "\xEF\xB8\xB4", "\xEF\xB9\x8D", "\xEF\xB9\x8E", "\xEF\xB9\x8F", "\xEF\xBC\xBF"};

/// Bytes of the low line that the text begins with; 0: it does not begin with one.
size_t low_line_length(std::string_view text) {
  for (const std::string_view line : kLowLines) {
    if (text.starts_with(line)) return line.size();
  }
  return 0;
}

}  // namespace

void truncate_pair(std::vector<int32_t>& a, std::vector<int32_t>& b, int64_t max_pieces) {
  ALBERT_CHECK(max_pieces >= 0, "a pair cannot have {} pieces", max_pieces);
  while (size_of(a) + size_of(b) > max_pieces) (a.size() > b.size() ? a : b).pop_back();
}

InputSequence join_single(std::vector<int32_t> a, const SpecialTokens& special, int64_t max_length) {
  require_length(max_length, 2);
  InputSequence result;
  const int64_t kept = std::min(size_of(a), max_length - 2);
  result.num_cut = static_cast<int32_t>(size_of(a) - kept);
  a.resize(static_cast<size_t>(kept));
  result.ids.reserve(a.size() + 2);
  result.ids.push_back(special.cls);
  result.ids.insert(result.ids.end(), a.begin(), a.end());
  result.ids.push_back(special.sep);
  result.second_segment_begin = static_cast<int32_t>(result.ids.size());
  return result;
}

InputSequence join_pair(std::vector<int32_t> a, std::vector<int32_t> b, const SpecialTokens& special, int64_t max_length) {
  require_length(max_length, 3);
  const int64_t before = size_of(a) + size_of(b);
  truncate_pair(a, b, max_length - 3);
  InputSequence result = join(a, b, special);
  result.num_cut = static_cast<int32_t>(before - size_of(a) - size_of(b));
  return result;
}

InputSequence join_choice(std::vector<int32_t> passage, std::vector<int32_t> choice, const SpecialTokens& special,
                          int64_t max_length, int64_t max_choice_pieces) {
  require_length(max_length, 3);
  ALBERT_CHECK(max_choice_pieces >= 0, "a choice cannot have {} pieces", max_choice_pieces);
  const int64_t before = size_of(passage) + size_of(choice);
  const int64_t kept = std::min({size_of(choice), max_choice_pieces, max_length - 3});
  choice.erase(choice.begin(), choice.end() - kept);
  passage.resize(static_cast<size_t>(std::min(size_of(passage), max_length - 3 - kept)));
  InputSequence result = join(passage, choice, special);
  result.num_cut = static_cast<int32_t>(before - size_of(passage) - size_of(choice));
  return result;
}

std::string question_with_option(std::string_view question, std::string_view option) {
  std::string result;
  bool has_blank = false;
  for (size_t i = 0; i < question.size();) {
    if (const size_t length = low_line_length(question.substr(i)); length > 0) {
      result += option;
      has_blank = true;
      i += length;
    } else {
      result += question[i++];
    }
  }
  if (has_blank) return result;
  return result.append(" ").append(option);
}

}  // namespace albert
