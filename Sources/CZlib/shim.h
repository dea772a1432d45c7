// zlib starts its streams through macros that pass the header's version; Swift sees only functions.
#ifndef WEBIO_CZLIB_SHIM_H
#define WEBIO_CZLIB_SHIM_H
#include <zlib.h>

static inline int webio_deflate_init(z_stream *stream, int level, int window_bits, int memory_level) {
  return deflateInit2(stream, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY);
}

static inline int webio_inflate_init(z_stream *stream, int window_bits) {
  return inflateInit2(stream, window_bits);
}

#endif
