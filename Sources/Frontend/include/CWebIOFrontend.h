// The page's files as bytes inside the binary. Nothing is exported but these functions; the arrays stay private to frontend.c.
#ifndef CWEBIO_FRONTEND_H
#define CWEBIO_FRONTEND_H

#include <stddef.h>

// One file of the page. `bytes` is not NUL-terminated; both pointers live as long as the process.
typedef struct {
  const char *name;
  const unsigned char *bytes;
  size_t size;
} webio_asset;

// How many files there are.
size_t webio_frontend_count(void);

// The file at an index below the count, else NULL.
const webio_asset *webio_frontend_asset(size_t index);

// The file of a name ("page.css"), or NULL. `name` needs no NUL at its end.
const webio_asset *webio_frontend_lookup(const char *name, size_t length);

#endif
