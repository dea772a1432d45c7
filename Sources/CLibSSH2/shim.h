// Swift cannot call libssh2's function-like macros, nor name C function types as `void *`: what WebIO needs of that
// becomes functions here.
#ifndef WEBIO_CLIBSSH2_SHIM_H
#define WEBIO_CLIBSSH2_SHIM_H
#include <libssh2.h>
#include <stdlib.h>
#include <string.h>

/// libssh2_session_callback_set takes every callback as `void *`.
static inline void webio_ssh_set_io(LIBSSH2_SESSION *session, LIBSSH2_SEND_FUNC((*send)),
                                    LIBSSH2_RECV_FUNC((*receive))) {
  libssh2_session_callback_set(session, LIBSSH2_CALLBACK_SEND, (void *)send);
  libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, (void *)receive);
}

/// What a server says when it hangs up. `abstract` is the session's.
static inline void webio_ssh_set_disconnect(LIBSSH2_SESSION *session, LIBSSH2_DISCONNECT_FUNC((*disconnect))) {
  libssh2_session_callback_set(session, LIBSSH2_CALLBACK_DISCONNECT, (void *)disconnect);
}

/// Answers every question of keyboard-interactive with nothing, which is what some providers ask for.
static inline void webio_ssh_empty_answers(const char *name, int name_len, const char *instruction,
                                           int instruction_len, int num_prompts,
                                           const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts,
                                           LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses, void **abstract) {
  (void)name, (void)name_len, (void)instruction, (void)instruction_len, (void)prompts, (void)abstract;
  for (int index = 0; index < num_prompts; index++) {
    responses[index].text = calloc(1, 1);
    responses[index].length = 0;
  }
}

#endif
