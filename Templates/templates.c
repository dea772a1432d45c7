#include "CWebIOTemplates.h"

// Each EMBED is one file; CI compares the list with the folder. `gitignore` is written with its dot, which it lacks
// here so that it does not act on this repository.
#define EMBED(name) static const unsigned char name[]

EMBED(hello_package_swift) = {
#embed "hello/Package.swift"
};
EMBED(hello_readme_md) = {
#embed "hello/README.md"
};
EMBED(hello_gitignore) = {
#embed "hello/gitignore"
};
EMBED(hello_sources_main_swift) = {
#embed "hello/Sources/main.swift"
};
EMBED(bmi_package_swift) = {
#embed "bmi/Package.swift"
};
EMBED(bmi_readme_md) = {
#embed "bmi/README.md"
};
EMBED(bmi_gitignore) = {
#embed "bmi/gitignore"
};
EMBED(bmi_sources_main_swift) = {
#embed "bmi/Sources/main.swift"
};
EMBED(form_package_swift) = {
#embed "form/Package.swift"
};
EMBED(form_readme_md) = {
#embed "form/README.md"
};
EMBED(form_gitignore) = {
#embed "form/gitignore"
};
EMBED(form_sources_main_swift) = {
#embed "form/Sources/main.swift"
};
EMBED(chat_package_swift) = {
#embed "chat/Package.swift"
};
EMBED(chat_readme_md) = {
#embed "chat/README.md"
};
EMBED(chat_gitignore) = {
#embed "chat/gitignore"
};
EMBED(chat_sources_main_swift) = {
#embed "chat/Sources/main.swift"
};

static const webio_template_file files[] = {
    {"hello", "Package.swift", hello_package_swift, sizeof hello_package_swift},
    {"hello", "README.md", hello_readme_md, sizeof hello_readme_md},
    {"hello", ".gitignore", hello_gitignore, sizeof hello_gitignore},
    {"hello", "Sources/main.swift", hello_sources_main_swift, sizeof hello_sources_main_swift},
    {"bmi", "Package.swift", bmi_package_swift, sizeof bmi_package_swift},
    {"bmi", "README.md", bmi_readme_md, sizeof bmi_readme_md},
    {"bmi", ".gitignore", bmi_gitignore, sizeof bmi_gitignore},
    {"bmi", "Sources/main.swift", bmi_sources_main_swift, sizeof bmi_sources_main_swift},
    {"form", "Package.swift", form_package_swift, sizeof form_package_swift},
    {"form", "README.md", form_readme_md, sizeof form_readme_md},
    {"form", ".gitignore", form_gitignore, sizeof form_gitignore},
    {"form", "Sources/main.swift", form_sources_main_swift, sizeof form_sources_main_swift},
    {"chat", "Package.swift", chat_package_swift, sizeof chat_package_swift},
    {"chat", "README.md", chat_readme_md, sizeof chat_readme_md},
    {"chat", ".gitignore", chat_gitignore, sizeof chat_gitignore},
    {"chat", "Sources/main.swift", chat_sources_main_swift, sizeof chat_sources_main_swift},
};

size_t webio_template_file_count(void) { return sizeof files / sizeof files[0]; }

const webio_template_file *webio_template_file_at(size_t index) {
  return index < webio_template_file_count() ? &files[index] : NULL;
}
