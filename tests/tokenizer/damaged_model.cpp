#include "tokenizer/damaged_model.h"

namespace albert::testing {

std::string mutated(std::string bytes, RandomStream& random) {
  for (uint64_t n = random.below(4) + 1; n > 0 && !bytes.empty(); --n) {
    const size_t at = random.below(bytes.size());
    switch (random.below(6)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(random.next());
        break;
      case 2:
        bytes.erase(at, random.below(8) + 1);
        break;
      case 3:
        bytes.insert(at, std::string(random.below(8) + 1, static_cast<char>(random.next())));
        break;
      case 4:
        bytes.insert(at, bytes.substr(random.below(bytes.size()), random.below(40)));
        break;
      default:
        bytes.resize(at);
        break;
    }
  }
  return bytes;
}

}  // namespace albert::testing
