// OpenSSL's function-like macros are not visible to Swift; those WebIO needs become functions here.
#ifndef WEBIO_COPENSSL_SHIM_H
#define WEBIO_COPENSSL_SHIM_H
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

#endif
