// The projects that `webio new` writes, as bytes inside the binary.
#ifndef CWEBIO_TEMPLATES_H
#define CWEBIO_TEMPLATES_H

#include <stddef.h>

// One file of a template: "hello", "Sources/main.swift". `bytes` is not NUL-terminated.
typedef struct {
  const char *template_name;
  const char *path;
  const unsigned char *bytes;
  size_t size;
} webio_template_file;

size_t webio_template_file_count(void);

// The file at an index below the count, else NULL. Files of one template stand together.
const webio_template_file *webio_template_file_at(size_t index);

#endif
