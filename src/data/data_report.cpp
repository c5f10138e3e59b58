#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/data/data_report.h>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>
#include <unordered_map>
#include <unordered_set>

namespace albert {
namespace {

double share_of(int64_t count, int64_t total) {
  return total == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(total);
}

LengthSummary summarise(std::vector<int64_t> lengths) {
  if (lengths.empty()) return {};
  std::ranges::sort(lengths);
  const auto percentile = [&](int64_t percent) {
    const auto count = static_cast<int64_t>(lengths.size());
    return lengths[static_cast<size_t>((percent * count + 99) / 100 - 1)];
  };
  const auto sum = std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
  return {percentile(50), percentile(90), percentile(95),
          percentile(99), lengths.back(), static_cast<double>(sum) / static_cast<double>(lengths.size())};
}

/// Texts that stand in the part more than once, and with more than one answer.
void count_repeats(const ReportPart& part, PartReport& report) {
  struct Seen {
    uint64_t first_gold = 0;
    bool is_conflicting = false;
  };
  std::unordered_map<uint64_t, Seen> seen;
  for (size_t i = 0; i < part.text_hashes.size(); ++i) {
    const uint64_t gold = part.gold_hashes.empty() ? 0 : part.gold_hashes[i];
    const auto [entry, is_new] = seen.try_emplace(part.text_hashes[i], Seen{gold});
    if (is_new) continue;
    ++report.num_duplicates;
    Seen& before = entry->second;
    if (before.first_gold != gold && !before.is_conflicting) {
      before.is_conflicting = true;
      ++report.num_conflicting_texts;
    }
  }
}

PartReport report_of(const ReportPart& part, int64_t max_length) {
  const size_t size = part.text_hashes.size();
  ALBERT_CHECK(part.lengths.size() == size && (part.gold_hashes.empty() || part.gold_hashes.size() == size), "lists of unequal lengths");
  ALBERT_CHECK(part.classes.names.size() == part.classes.counts.size(), "classes without a count");
  PartReport report{.name = part.name,
                    .role = part.role,
                    .num_examples = static_cast<int64_t>(size),
                    .num_skipped = part.num_skipped,
                    .num_blank = part.num_blank,
                    .classes = part.classes,
                    .lengths = summarise(part.lengths),
                    .long_inputs = part.long_inputs,
                    .has_gold = !part.gold_hashes.empty()};
  report.num_long = std::ranges::count_if(part.lengths, [&](int64_t length) { return length > max_length; });
  report.share_long = share_of(report.num_long, report.num_examples);
  count_repeats(part, report);
  return report;
}

std::string class_line(const PartReport& part, size_t max_classes) {
  const ClassTable& classes = part.classes;
  const size_t size = classes.names.size();
  std::vector<size_t> order(size);
  std::iota(order.begin(), order.end(), size_t{0});
  const bool is_cut = size > max_classes;
  if (is_cut) std::ranges::stable_sort(order, std::greater{}, [&](size_t i) { return classes.counts[i]; });
  std::string text = fmt::format("{}: {} {}:", part.name, size, classes.what);
  for (size_t i = 0; i < std::min(size, max_classes); ++i) {
    const int64_t count = classes.counts[order[i]];
    text += fmt::format("{} {} {} ({:.1f} %)", i == 0 ? "" : ",", classes.names[order[i]], count, 100 * share_of(count, classes.total));
  }
  if (is_cut) text += fmt::format(", {} more, the smallest with {}", size - max_classes, classes.counts[order.back()]);
  return text;
}

std::string length_line(const PartReport& part, int64_t max_length) {
  const LengthSummary& lengths = part.lengths;
  std::string text = fmt::format("{}: pieces: 50 % {}, 90 % {}, 95 % {}, 99 % {}, longest {}; {} ({:.1f} %) longer than {}",
                                 part.name, lengths.p50, lengths.p90, lengths.p95, lengths.p99, lengths.maximum, part.num_long,
                                 100 * part.share_long, max_length);
  if (part.num_long > 0) text += part.long_inputs == LongInputs::cut ? " and cut" : ", read in windows";
  return text;
}

void add_lines(const PartReport& part, const DataReport& report, size_t max_classes, std::vector<std::string>& lines) {
  std::string first = fmt::format("{}: {} examples", part.name, part.num_examples);
  if (part.num_skipped > 0) first += fmt::format(", {} invalid rows left out", part.num_skipped);
  if (part.num_blank > 0) first += fmt::format(", {} without text", part.num_blank);
  lines.push_back(first);
  if (part.num_examples == 0) return;
  if (!part.classes.names.empty()) lines.push_back(class_line(part, max_classes));
  lines.push_back(length_line(part, report.max_length));
  const auto share = [&](int64_t count) { return fmt::format("{:.1f} %", 100 * share_of(count, part.num_examples)); };
  if (part.num_duplicates > 0) {
    lines.push_back(fmt::format("{}: {} repeated examples ({})", part.name, part.num_duplicates, share(part.num_duplicates)));
    if (part.has_gold) lines.back() += fmt::format(", {} texts with more than one answer", part.num_conflicting_texts);
  }
  if (part.num_in_train > 0) {
    lines.push_back(fmt::format("{}: {} examples ({}) stand in the training data, too{}", part.name, part.num_in_train,
                                share(part.num_in_train),
                                part.role == ReportRole::evaluation ? ": its metrics are too good" : ""));
  }
}

}  // namespace

uint64_t text_hash(std::string_view text_a, std::string_view text_b) {
  std::string joined(text_a);
  joined += '\0';  // no text holds it
  joined += text_b;
  return xxh3_64(joined);
}

uint64_t gold_hash(const std::vector<int64_t>& gold) {
  Xxh3Stream digest;
  digest.update(std::as_bytes(std::span<const int64_t>(gold)));
  return digest.digest();
}

DataReport make_data_report(const std::vector<ReportPart>& parts, int64_t max_length) {
  DataReport report{.max_length = max_length};
  std::unordered_set<uint64_t> train;
  for (const ReportPart& part : parts) {
    if (part.role == ReportRole::train) train.insert(part.text_hashes.begin(), part.text_hashes.end());
  }
  for (const ReportPart& part : parts) {
    report.parts.push_back(report_of(part, max_length));
    if (part.role == ReportRole::train) continue;
    report.parts.back().num_in_train = std::ranges::count_if(part.text_hashes, [&](uint64_t hash) { return train.contains(hash); });
  }
  return report;
}

std::vector<std::string> DataReport::lines(size_t max_classes) const {
  std::vector<std::string> result;
  for (const PartReport& part : parts) add_lines(part, *this, max_classes, result);
  return result;
}

}  // namespace albert
