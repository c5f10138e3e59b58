// Where the value of each option comes from: the defaults, a line of a file, the command line.
#pragma once

#include <albert/config/schema.h>

#include <functional>
#include <map>
#include <set>
#include <string>

namespace albert::config {

/// Key, as in errors ("data.sources[0].path"), to the place where it was written: "small.yaml:7" or "--set". A key that was not
/// written has its default.
using Origins = std::map<std::string, std::string, std::less<>>;

namespace detail {
std::set<std::string> find_changes(const Type& type, const void* value, const void* defaults);
}  // namespace detail

/// The options whose values differ from those of `defaults`. An entry of a list that `defaults` lacks is compared with the
/// defaults of its own section. An option that must be given has no default: it always counts.
template <HasFields T>
std::set<std::string> changed_keys(const T& config, const T& defaults) {
  return detail::find_changes(type_of<T>(), &config, &defaults);
}

}  // namespace albert::config
