// Reads the files of tests/golden/eval; scripts/make_metric_goldens.py says where their values come from.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <string>

namespace albert::testing {

inline constexpr double kMetricTolerance = 1e-9;

/// The cases of tests/golden/eval/NAME.json.
inline nlohmann::json golden_values(const std::string& name) {
  std::ifstream file(ALBERT_SOURCE_DIR "/tests/golden/eval/" + name + ".json");
  return nlohmann::json::parse(file).at("values");
}

/// `golden` is a number, or null for NaN.
inline void expect_golden(double value, const nlohmann::json& golden, const std::string& what) {
  if (golden.is_null()) {
    EXPECT_TRUE(std::isnan(value)) << what << " is " << value;
  } else {
    EXPECT_NEAR(value, golden.get<double>(), kMetricTolerance) << what;
  }
}

}  // namespace albert::testing
