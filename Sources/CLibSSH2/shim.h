// One shim: Swift cannot call libssh2's function-like macros, so the few that WebIO needs become functions.
#ifndef WEBIO_CLIBSSH2_SHIM_H
#define WEBIO_CLIBSSH2_SHIM_H
#include <libssh2.h>
#include <string.h>

#endif
