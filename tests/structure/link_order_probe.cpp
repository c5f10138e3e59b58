// Uses SentencePiece and LibTorch in one program whose targets name LibTorch first: the worst order that a CMakeLists.txt can ask
// for.
#include <ATen/Functions.h>
#include <sentencepiece_processor.h>

#include <cstdio>

int main() {
  const sentencepiece::SentencePieceProcessor processor;
  std::printf("sum %g, pieces %d\n", at::ones({3, 4}).sum().item<double>(), processor.GetPieceSize());
  return 0;
}
