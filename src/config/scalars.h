// Single values: from the text of YAML to a C++ value, and the words for what is wrong with it.
#pragma once

#include <albert/config/fields.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace albert::config {

/// What is wrong with a value; nullopt when nothing is.
using Complaint = std::optional<std::string>;

Complaint read_integer(std::string_view text, int64_t& value);
Complaint read_real(std::string_view text, double& value);
Complaint read_boolean(std::string_view text, bool& value);

/// "must be in [0, 1], got 2"; `shown` is the value as written.
Complaint check_range(const Range& range, double value, std::string_view shown);

/// "0 to 1", ">= 1", "> 0", ... for documentation; empty without bounds.
std::string describe_range(const Range& range);

}  // namespace albert::config
