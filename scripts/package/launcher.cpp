// bin/NAME of a package (scripts/package.sh): starts libexec/NAME by the loader and the C library in lib/glibc.
//
// Linked statically and satisfied with what the kernel hands over, so that it works in an empty file system: no shell, no /proc.
// A path relative to the program, which is what a folder that can be moved needs, cannot stand in the program itself: the kernel
// takes the path of the loader as it is.
#include <sys/auxv.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

int fail(const char* what, const std::string& path) {
  std::fprintf(stderr, "error: %s: %s, got: %s\n", path.c_str(), what, std::strerror(errno));
  return 1;
}

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

/// The package's libraries, then LD_LIBRARY_PATH: the latter for the driver of an NVIDIA card only, all else is found before.
std::string library_path(const std::string& root) {
  std::string path = root + "/lib/glibc:" + root + "/lib";
  const char* users = std::getenv("LD_LIBRARY_PATH");
  if (users != nullptr && *users != '\0') path += std::string(":") + users;
  return path;
}

}  // namespace

int main(int argc, char** argv) {
  const auto* started_as = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  char* resolved = realpath(started_as, nullptr);  // a link in some PATH folder leads here, too
  if (resolved == nullptr) return fail("the path of the program is wanted", started_as);
  const std::string self = resolved;
  const std::string root = parent(parent(self));
  std::string loader = root + "/lib/glibc/" ALBERT_LOADER;
  std::string program = root + "/libexec" + self.substr(self.rfind('/'));
  std::string path = library_path(root);
  char name_option[] = "--argv0";
  char path_option[] = "--library-path";

  std::vector<char*> arguments{loader.data(), name_option, argc > 0 ? argv[0] : program.data(),
                               path_option,   path.data(), program.data()};
  for (int i = 1; i < argc; ++i) arguments.push_back(argv[i]);
  arguments.push_back(nullptr);
  execv(loader.c_str(), arguments.data());
  return fail("a loader that can be started is wanted; unpack the whole package again", loader);
}
