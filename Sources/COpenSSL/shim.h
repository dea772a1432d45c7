// OpenSSL's function-like macros are not visible to Swift; those WebIO needs become functions here.
#ifndef WEBIO_COPENSSL_SHIM_H
#define WEBIO_COPENSSL_SHIM_H
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

// SSL_CTX_set_min_proto_version and SSL_CTX_set_mode are macros: TLS 1.2 or newer, idle connections without buffers.
static inline void webio_ssl_ctx_prepare(SSL_CTX *context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

#endif
