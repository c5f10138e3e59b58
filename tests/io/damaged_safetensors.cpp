#include "damaged_safetensors.h"

#include <albert/base/random.h>

#include <array>
#include <cstring>
#include <string_view>

namespace albert::testing {
namespace {

struct Whole {
  std::string_view header;
  size_t data_bytes;
};
constexpr std::array<Whole, 5> kWhole{{
    {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})", 16},
    {R"({"__metadata__":{"format":"pt","k":"\u00e9"},"w":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]}}   )", 12},
    {R"({"":{"dtype":"F4","shape":[2,2],"data_offsets":[3,5]},"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", 5},
    {R"({"e":{"shape":[0,4],"dtype":"I64","data_offsets":[0,0]},"s":{"shape":[],"dtype":"BOOL","data_offsets":[0,1]}})", 1},
    {R"( {"l":["F64",[1],[0,8]],"m":{"dtype":{"C64":null},"shape":[1],"data_offsets":[8,16],"more":[1.5,{"x":null}]}})", 16},
}};
constexpr std::array<std::string_view, 5> kTexts{
    R"({"architectures":["AlbertForPreTraining"],"hidden_size":768,"layer_norm_eps":1e-12,"id2label":{"0":"no","1":"yes"},"tie":true})",
    R"({"metadata":{"total_size":89213952},"weight_map":{"a.weight":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}})",
    R"([[[],{}],[{"a":[1,-2,3.5,1e3],"b":null}],"\u00e9\ud83d\ude00\n", 18446744073709551615, -9223372036854775808])",
    R"( { "do_lower_case" : true , "keep_accents" : false , "model_max_length" : 512 , "x" : { } } )",
    R"({"":"","a\"b":"\\","\u0061":0,"A":[0.1,-0.0,2.5E-3,true,false]})",
};
constexpr std::array<std::string_view, 40> kWords{
    "{",     "}",     "[",    "]",    ":",     ",",     "\"",   "\\",    "0",     "1",
    "8",     "16",    "-0",   "-1",   "2.0",   "1e3",   "1e999", "null", "true",  "\"F32\"",
    "\"U8\"", "\"F4\"", "\"F6_E2M3\"", "\"F8_E8M0\"", "\"C64\"", "\"f32\"", "\"a\"", "\"dtype\"", "\"shape\"", "\"data_offsets\"",
    "\"__metadata__\"", "{}", "[]", "[0,8]", "\\u0061", "\\ud800", "18446744073709551615", "18446744073709551616", "\xc3\xa9", " "};

void damage(std::string& text, RandomStream& random) {
  if (text.empty()) return;
  const size_t place = random.below(text.size());
  const size_t length = std::min<size_t>(text.size() - place, 1 + random.below(12));
  switch (random.below(7)) {
    case 0: text[place] = static_cast<char>(random.below(256)); break;
    case 1: text.insert(place, kWords[random.below(kWords.size())]); break;
    case 2: text.replace(place, length, kWords[random.below(kWords.size())]); break;
    case 3: text.erase(place, length); break;
    case 4: text.insert(random.below(text.size()), text.substr(place, 4 * length)); break;
    case 5: text[place] = static_cast<char>('0' + random.below(10)); break;
    default: text.resize(place); break;
  }
}

}  // namespace

std::string damaged_safetensors(uint64_t index) {
  RandomStream random(1, "damaged safetensors", index);
  const Whole& whole = kWhole[random.below(kWhole.size())];
  std::string header(whole.header);
  for (uint64_t n = random.below(4); n > 0; --n) damage(header, random);
  uint64_t length = header.size();
  if (random.below(16) == 0) length = random.next() >> random.below(64);
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  file += header + std::string(whole.data_bytes, 'd');
  if (random.below(16) == 0) damage(file, random);
  return file;
}

std::string damaged_json(uint64_t index) {
  RandomStream random(1, "damaged JSON", index);
  std::string text(kTexts[random.below(kTexts.size())]);
  for (uint64_t n = random.below(4); n > 0; --n) damage(text, random);
  return text;
}

}  // namespace albert::testing
