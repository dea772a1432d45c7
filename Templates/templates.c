#include "CWebIOTemplates.h"

// Each line of FILES is one file; CI compares the list with the folder. `gitignore` is written with its dot, which it
// lacks here so that it does not act on this repository.
#define EMBED(name) static const unsigned char name[]

EMBED(hello_package) = {
#embed "hello/Package.swift"
};
EMBED(hello_main) = {
#embed "hello/Sources/main.swift"
};
EMBED(hello_readme) = {
#embed "hello/README.md"
};
EMBED(hello_gitignore) = {
#embed "hello/gitignore"
};

static const webio_template_file files[] = {
    {"hello", "Package.swift", hello_package, sizeof hello_package},
    {"hello", "Sources/main.swift", hello_main, sizeof hello_main},
    {"hello", "README.md", hello_readme, sizeof hello_readme},
    {"hello", ".gitignore", hello_gitignore, sizeof hello_gitignore},
};

size_t webio_template_file_count(void) { return sizeof files / sizeof files[0]; }

const webio_template_file *webio_template_file_at(size_t index) {
  return index < webio_template_file_count() ? &files[index] : NULL;
}
