// Which parameters go without weight decay (and, for LAMB, without trust ratio).
#pragma once

#include <string>
#include <string_view>

namespace albert {

/// Google's list for BERT and ALBERT. All three are needed for Hugging Face's names: "LayerNorm" alone misses
/// "full_layer_layer_norm.weight" (albert_facts 6.2).
inline constexpr std::string_view kDefaultExclusion = "LayerNorm|layer_norm|bias";

/// True where the regular expression (ECMAScript) matches anywhere in the name. An empty pattern excludes nothing. Throws
/// ConfigError that names optimizer.exclude for a pattern that does not compile.
bool is_excluded(const std::string& name, const std::string& pattern);

}  // namespace albert
