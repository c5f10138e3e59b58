#include <albert/base/error.h>
#include <albert/base/hash.h>
#include <albert/data/data_report.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
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

std::vector<ClassShare> count_classes(const ReportPart& part, const std::vector<std::string>& names) {
  if (part.classes.empty()) return {};
  std::vector<ClassShare> shares;
  shares.reserve(names.size());
  for (const std::string& name : names) shares.push_back({name});
  for (const int64_t index : part.classes) {
    if (index >= 0) ++shares.at(static_cast<size_t>(index)).count;
  }
  for (ClassShare& share : shares) share.share = share_of(share.count, static_cast<int64_t>(part.text_hashes.size()));
  return shares;
}

/// Texts that stand in the part more than once, and with more than one class.
void count_repeats(const ReportPart& part, PartReport& report) {
  struct Seen {
    int64_t first_class = 0;
    bool is_conflicting = false;
  };
  std::unordered_map<uint64_t, Seen> seen;
  for (size_t i = 0; i < part.text_hashes.size(); ++i) {
    const int64_t index = part.classes.empty() ? 0 : part.classes[i];
    const auto [entry, is_new] = seen.try_emplace(part.text_hashes[i], Seen{index});
    if (is_new) continue;
    ++report.num_duplicates;
    Seen& before = entry->second;
    if (before.first_class != index && !before.is_conflicting) {
      before.is_conflicting = true;
      ++report.num_conflicting_texts;
    }
  }
}

PartReport report_of(const ReportPart& part, const std::vector<std::string>& names, int64_t max_length) {
  const size_t size = part.text_hashes.size();
  ALBERT_CHECK(part.lengths.size() == size && (part.classes.empty() || part.classes.size() == size), "lists of unequal lengths");
  PartReport report{.name = part.name,
                    .num_examples = static_cast<int64_t>(size),
                    .num_skipped = part.num_skipped,
                    .num_blank = part.num_blank};
  report.classes = count_classes(part, names);
  report.lengths = summarise(part.lengths);
  report.num_truncated = std::ranges::count_if(part.lengths, [&](int64_t length) { return length > max_length; });
  report.share_truncated = share_of(report.num_truncated, report.num_examples);
  count_repeats(part, report);
  return report;
}

std::string class_line(const PartReport& part, size_t max_classes) {
  std::vector<ClassShare> classes = part.classes;
  const bool is_cut = classes.size() > max_classes;
  if (is_cut) std::ranges::stable_sort(classes, [](const ClassShare& a, const ClassShare& b) { return a.count > b.count; });
  std::string text = fmt::format("{}: {} classes:", part.name, classes.size());
  for (size_t i = 0; i < std::min(classes.size(), max_classes); ++i) {
    text += fmt::format("{} {} {} ({:.1f} %)", i == 0 ? "" : ",", classes[i].name, classes[i].count, 100 * classes[i].share);
  }
  if (is_cut) {
    text += fmt::format(", {} more, the smallest with {}", classes.size() - max_classes, classes.back().count);
  }
  return text;
}

void add_lines(const PartReport& part, const DataReport& report, size_t max_classes, std::vector<std::string>& lines) {
  std::string first = fmt::format("{}: {} examples", part.name, part.num_examples);
  if (part.num_skipped > 0) first += fmt::format(", {} invalid rows left out", part.num_skipped);
  if (part.num_blank > 0) first += fmt::format(", {} without text", part.num_blank);
  lines.push_back(first);
  if (!part.classes.empty()) lines.push_back(class_line(part, max_classes));
  if (part.num_examples == 0) return;
  const LengthSummary& lengths = part.lengths;
  lines.push_back(fmt::format("{}: pieces: 50 % {}, 90 % {}, 95 % {}, 99 % {}, longest {}; {} ({:.1f} %) longer than {}",
                              part.name, lengths.p50, lengths.p90, lengths.p95, lengths.p99, lengths.maximum, part.num_truncated,
                              100 * part.share_truncated, report.max_length));
  if (part.num_duplicates > 0) {
    lines.push_back(fmt::format("{}: {} repeated examples ({:.1f} %), {} texts with more than one label", part.name,
                                part.num_duplicates, 100 * share_of(part.num_duplicates, part.num_examples),
                                part.num_conflicting_texts));
  }
  if (part.num_in_train > 0) {
    lines.push_back(fmt::format("{}: {} examples ({:.1f} %) stand in {}, too: its metrics are too good", part.name,
                                part.num_in_train, 100 * share_of(part.num_in_train, part.num_examples),
                                report.parts.front().name));
  }
}

}  // namespace

uint64_t text_hash(std::string_view text_a, std::string_view text_b) {
  std::string joined(text_a);
  joined += '\0';  // no text holds it
  joined += text_b;
  return xxh3_64(joined);
}

DataReport make_data_report(const std::vector<ReportPart>& parts, const std::vector<std::string>& class_names,
                            int64_t max_length) {
  DataReport report{.max_length = max_length};
  std::unordered_set<uint64_t> train;
  for (size_t i = 0; i < parts.size(); ++i) {
    report.parts.push_back(report_of(parts[i], class_names, max_length));
    if (i == 0) {
      train.insert(parts[i].text_hashes.begin(), parts[i].text_hashes.end());
    } else {
      report.parts.back().num_in_train =
          std::ranges::count_if(parts[i].text_hashes, [&](uint64_t hash) { return train.contains(hash); });
    }
  }
  return report;
}

std::vector<std::string> DataReport::lines(size_t max_classes) const {
  std::vector<std::string> result;
  for (const PartReport& part : parts) add_lines(part, *this, max_classes, result);
  return result;
}

}  // namespace albert
