// OpenSSL's function-like macros are not visible to Swift; those WebIO needs become functions here.
#ifndef WEBIO_COPENSSL_SHIM_H
#define WEBIO_COPENSSL_SHIM_H
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// SSL_CTX_set_min_proto_version and SSL_CTX_set_mode are macros: TLS 1.2 or newer, idle connections without buffers.
static inline void webio_ssl_ctx_prepare(SSL_CTX *context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

// Two macros over SSL_CTX_callback_ctrl. `choose` gets the name that the client asks for, never NULL.
typedef void (*webio_choose_certificate)(SSL *connection, const char *name, void *argument);

typedef struct {
  webio_choose_certificate choose;
  void *argument;
} webio_server_names;

static inline int webio_server_name_callback(SSL *connection, int *alert, void *argument) {
  (void)alert;
  const webio_server_names *names = (const webio_server_names *)argument;
  const char *name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  if (name) names->choose(connection, name, names->argument);
  return SSL_TLSEXT_ERR_OK;
}

// `names` must live as long as the context.
static inline void webio_ssl_ctx_set_server_names(SSL_CTX *context, webio_server_names *names) {
  SSL_CTX_set_tlsext_servername_callback(context, webio_server_name_callback);
  SSL_CTX_set_tlsext_servername_arg(context, names);
}

// EVP_EC_gen is a macro: a new key on P-256.
static inline EVP_PKEY *webio_new_p256_key(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); }

// BIO_get_mem_data is a macro.
static inline long webio_bio_bytes(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

// A password callback that knows none: a key that is encrypted fails instead of asking on the terminal.
static inline int webio_no_password(char *buffer, int size, int writing, void *argument) {
  (void)buffer; (void)size; (void)writing; (void)argument;
  return -1;
}

#endif
