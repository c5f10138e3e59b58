// Names of variables in Google's ALBERT code (modeling.py, run_pretraining.py, squad_utils.py, run_classifier.py) and TF-Hub
// modules.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace albert {

/// What a variable is in a model folder.
struct GoogleParameter {
  std::string name{};          ///< "albert.pooler.weight"
  bool is_transposed = false;  ///< the variable is a kernel [in, out], the parameter [out, in]
};

/// The parameter that a variable is; nothing for names that Google's code does not give. A leading "module/" (TF-Hub) is passed
/// over.
std::optional<GoogleParameter> google_parameter(std::string_view variable);

/// Why a variable is no parameter: "slot of the optimizer"; empty where it is not known to be none.
std::string_view google_leftover(std::string_view variable);

}  // namespace albert
