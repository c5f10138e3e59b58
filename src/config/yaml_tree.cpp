#include "config/yaml_tree.h"

#include "config/text.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace albert::config {
namespace {

constexpr size_t kMaximumDepth = 32;
constexpr size_t kMaximumValues = 100'000;

/// Ends the parse: everything after it would be a guess.
struct Stop {
  Problem problem;
};

/// Builds the tree from yaml-cpp's events. Depth is checked as the parser descends, so that its recursion is bounded, too.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& text, size_t source, std::vector<Problem>& problems)
      : text_(text), source_(source), problems_(problems) {
    root_.place = {source, 0};
  }

  [[nodiscard]] Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) stop(mark, "must be one YAML document, got a second one; remove the line '---' and what follows it");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    const auto place = at(mark);
    const bool written = is_null_word(place.offset);
    Node node{.kind = Node::Kind::null, .place = written ? place : parent_place(place), .text = {}};
    if (!written) refuse_key_without_colon();
    if (written) node.text = text_[place.offset] == '~' ? "~" : "null";
    add_value(std::move(node), mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    report(at(mark), "must not be an alias ('*name'); write the value out, or put a text that begins with '*' into quotes");
    add_value({.kind = Node::Kind::broken, .place = at(mark)}, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    refuse_open_quote(mark);
    add_value({.kind = Node::Kind::scalar, .place = at(mark), .text = value, .quoted = tag == "!"}, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map that is being filled.
  struct Frame {
    Node node;
    std::unordered_map<std::string, Place> seen;
    std::optional<Key> key;      ///< of the value that comes next
    bool discard_value = false;  ///< the key was reported
  };

  [[nodiscard]] Place at(const YAML::Mark& mark) const { return {source_, static_cast<size_t>(std::max(mark.pos, 0))}; }

  [[nodiscard]] Place parent_place(Place otherwise) const {
    return !frames_.empty() && frames_.back().key ? frames_.back().key->place : otherwise;
  }

  [[nodiscard]] std::string path() const {
    std::string result;
    for (const auto& frame : frames_) {
      if (frame.node.kind == Node::Kind::list) {
        result += fmt::format("[{}]", frame.node.items.size());
      } else if (frame.key) {
        result += (result.empty() ? "" : ".") + shorten(frame.key->name);
      }
    }
    return result;
  }

  void report(Place place, std::string text) { problems_.push_back({place, path(), std::move(text)}); }
  [[noreturn]] void stop(const YAML::Mark& mark, std::string text) const { throw Stop{{at(mark), "", std::move(text)}}; }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) report(at(mark), "must not have an anchor ('&name'); write the value out where it is needed");
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      report(at(mark), fmt::format("must not have a tag, got '{}'; remove it", shorten(tag)));
  }

  /// yaml-cpp takes a quoted text without its closing quote up to the end of the file.
  void refuse_open_quote(const YAML::Mark& mark) const {
    const auto start = at(mark).offset;
    if (!begins_quote(start) || closing_quote(start) != std::string::npos) return;
    stop(mark, fmt::format("not valid YAML: the text that begins here has no closing {}", text_[start]));
  }

  /// The mark of a null that is not written is that of whatever comes next, such as the key `note` of the next line.
  [[nodiscard]] bool is_null_word(size_t offset) const {
    const auto rest = std::string_view(text_).substr(std::min(offset, text_.size()));
    const auto end = std::min(rest.find_first_of(" \t\n,]}:"), rest.size());
    const auto word = rest.substr(0, end);
    const bool is_key = end < rest.size() && rest[end] == ':';
    return !is_key && (word == "~" || word == "null" || word == "Null" || word == "NULL");
  }

  [[nodiscard]] bool begins_quote(size_t offset) const {
    return offset < text_.size() && (text_[offset] == '"' || text_[offset] == '\'');
  }

  [[nodiscard]] size_t closing_quote(size_t start) const {
    const char quote = text_[start];
    for (size_t i = start + 1; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || i + 1 >= text_.size() || text_[i + 1] != quote) return i;
        ++i;
      }
    }
    return std::string::npos;
  }

  /// yaml-cpp takes a line without ': ' for a key whose value is null.
  void refuse_key_without_colon() {
    if (frames_.empty() || !frames_.back().key || frames_.back().discard_value) return;
    const auto& key = *frames_.back().key;
    size_t end = key.place.offset;
    if (begins_quote(end)) {
      end = closing_quote(end) + 1;
    } else {
      end += text_.compare(end, key.name.size(), key.name) == 0 ? key.name.size() : 0;  // else it goes on in the next line
    }
    end = text_.find_first_not_of(" \t", end);
    if (end != std::string::npos && end > key.place.offset && text_[end] == ':') return;
    problems_.push_back(
        {key.place, "", fmt::format("not valid YAML: '{}' has no ': ' after its key; write 'key: value'", shorten(key.name))});
    frames_.back().discard_value = true;
  }

  void count_value(const YAML::Mark& mark) {
    if (++values_ > kMaximumValues) stop(mark, fmt::format("must hold at most {} values, got more", kMaximumValues));
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (!frames_.empty() && frames_.back().node.kind == Node::Kind::map && !frames_.back().key) {
      stop(mark, "a key must be a word, got a list or a map; write 'key: value', and close every '[' and '{'");
    }
    if (frames_.size() == kMaximumDepth) stop(mark, fmt::format("must nest at most {} levels, got more", kMaximumDepth));
    count_value(mark);
    frames_.push_back({.node = {.kind = kind, .place = at(mark)}, .seen = {}, .key = {}});
  }

  void close() {
    Node node = std::move(frames_.back().node);
    frames_.pop_back();
    place_value(std::move(node));
  }

  void add_value(Node node, const YAML::Mark& mark) {
    count_value(mark);
    if (!frames_.empty() && frames_.back().node.kind == Node::Kind::map && !frames_.back().key) {
      add_key(node, mark);
    } else {
      place_value(std::move(node));
    }
  }

  void add_key(const Node& node, const YAML::Mark& mark) {
    auto& frame = frames_.back();
    if (node.kind != Node::Kind::scalar) stop(mark, "a key must be a word, got nothing, null or an alias; write 'key: value'");
    frame.key = Key{node.text, at(mark)};
    const auto [first, is_new] = frame.seen.emplace(node.text, at(mark));
    frame.discard_value = !is_new;
    if (!is_new) {
      report(at(mark),
             fmt::format("given twice, first in line {}; keep one of them", line_column(text_, first->second.offset).line));
    }
  }

  void place_value(Node node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& frame = frames_.back();
    if (frame.node.kind == Node::Kind::map) {
      if (!frame.discard_value) {
        frame.node.keys.push_back(std::move(*frame.key));
        frame.node.items.push_back(std::move(node));
      }
      frame.key.reset();
    } else {
      frame.node.items.push_back(std::move(node));
    }
  }

  const std::string& text_;
  size_t source_;
  std::vector<Problem>& problems_;
  std::vector<Frame> frames_;
  Node root_;
  size_t documents_ = 0;
  size_t values_ = 0;
};

/// yaml-cpp's words with what to do about them.
std::string explain(std::string_view message) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kCures{{
      {"illegal map value", "no ': ' is expected here; check the indentation of this line and the ': ' of the line before"},
      {"illegal map key", "no key is expected here; check the indentation"},
      {"end of map not found", "a 'key: value' line is expected here; check the indentation and the quotes"},
      {"end of map flow not found", "the map that began with '{' has no closing '}'"},
      {"end of sequence flow not found", "the list that began with '[' has no closing ']'"},
      {"end of sequence not found", "a line of the list, '- value', is expected here; check the indentation"},
      {"illegal flow end", "this bracket closes nothing, or a bracket of the other kind"},
      {"illegal block entry", "no '- ' is expected here; begin the list on the next line"},
      {"the referenced anchor is not defined", "an alias ('*name') is not allowed; put a text that begins with '*' into quotes"},
      {"unknown token", "a value cannot begin with this character; put it into quotes"},
  }};
  for (const auto& [theirs, ours] : kCures) {
    if (message == theirs) return std::string(ours);
  }
  return shorten(message, 100);
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const Key& candidate) { return candidate.name == key; });
  return found == keys.end() ? nullptr : &items[static_cast<size_t>(found - keys.begin())];
}

Node parse_yaml(const std::string& text, size_t source, std::vector<Problem>& problems) {
  const Node broken{.kind = Node::Kind::broken, .place = {source, 0}};
  if (auto problem = check_yaml_text(text, source)) {
    problems.push_back(std::move(*problem));
    return broken;
  }
  std::istringstream stream(text);
  TreeBuilder builder(text, source, problems);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    problems.push_back(stop.problem);
    return broken;
  } catch (const YAML::Exception& error) {
    problems.push_back({{source, static_cast<size_t>(std::max(error.mark.pos, 0))}, "", "not valid YAML: " + explain(error.msg)});
    return broken;
  }
  return builder.take_root();
}

}  // namespace albert::config
