// What the Glibc module lacks: the kernel's event descriptors, and a child process that never outlives its parent.
#ifndef CWEBIO_LINUX_H
#define CWEBIO_LINUX_H

// No _GNU_SOURCE here: Swift's Glibc module is built without it, and types that differ cannot be imported twice.
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>
#include <termios.h>

/// What to start. All pointers stay the caller's.
typedef struct {
  const char *path;
  char *const *arguments;    // NULL-terminated, argv[0] included
  char *const *environment;  // NULL-terminated
  const char *directory;     // NULL: the caller's
  int input, output, error;  // descriptors that become 0, 1 and 2
  const int *inherited;      // these become 3, 4, ... in the child
  int inherited_count;
  uint64_t data_limit;       // bytes of RLIMIT_DATA; 0: none
} webio_spawn_request;

enum { WEBIO_CHILD_STARTED = 1, WEBIO_CHILD_EXEC_FAILED = 2, WEBIO_CHILD_EXITED = 3 };

/// What the guard writes on its lifeline: the child's pid, an errno, or a wait status.
typedef struct {
  int32_t kind;
  int32_t value;
} webio_child_message;

/// Starts a child under a guard process: the guard is the child's subreaper and holds one end of `lifeline`. It
/// forwards each byte written there as a signal to the child's process group; when the lifeline closes, for
/// whatever reason, it kills every descendant. posix_spawn(3) has neither parent-death signal nor subreaper.
/// Returns 0, or an errno.
int webio_spawn(const webio_spawn_request *request, pid_t *guard, int *lifeline);

/// openat2(2), which glibc 2.36 does not wrap. Returns a descriptor or -1 with errno.
int webio_openat2(int directory, const char *path, uint64_t flags, uint64_t resolve);

/// A copy of another process's descriptor, close-on-exec: pidfd_getfd(2). Returns it, or -1 with errno.
int webio_borrow_descriptor(pid_t process, int descriptor);

/// How many packets of a TCP connection came before one that had been sent earlier: TCP_INFO, of Linux 5.4. 0 where the
/// kernel does not tell.
uint32_t webio_tcp_out_of_order(int descriptor);

/// The RESOLVE_* bits that keep a path beneath its directory and off symbolic links.
uint64_t webio_resolve_beneath(void);

/// Lets stdout flush by line although it is a pipe, so that a parent sees `print` at once.
void webio_line_buffer_stdout(void);

/// The terminal's width in columns, or 0 when `descriptor` is no terminal.
int webio_terminal_columns(int descriptor);

/// accept4(2) with close-on-exec and non-blocking set.
int webio_accept(int listener, struct sockaddr_storage *peer, socklen_t *length);

/// How many cores the calling thread may run on: sched_getaffinity(2), a GNU extension in its types.
int webio_core_count(void);

/// pthread_setname_np(3), a GNU extension. `name` has at most 15 bytes.
void webio_name_thread(pthread_t thread, const char *name);

/// pipe2(2) with close-on-exec.
int webio_pipe(int ends[2]);

/// Writes `signal` as a byte to `descriptor`, one for the process, whenever it comes; `once`: the next time only.
/// A handler in C, because nothing of Swift's runtime may run in one.
void webio_forward_signal(int signal, int descriptor, int once);

/// Whether nobody handles or ignores the signal.
int webio_has_default_action(int signal);

/// POSIX_SPAWN_SETSID, a GNU extension.
int webio_spawn_new_session(void);

/// `environ`, which Swift holds for unsafe shared state.
char **webio_environment(void);

/// A netlink socket that hears of links, addresses and routes, close-on-exec and non-blocking; -1 with errno. See
/// rtnetlink(7).
int webio_open_route_socket(void);

/// WIFEXITED and its kin are macros.
int webio_exit_code(int status);    // -1 when a signal ended it
int webio_exit_signal(int status);  // 0 when it exited by itself

/// Whether it is called by `swift_errorInMain`, with which the runtime ends a program whose main code has thrown. See
/// backtrace(3), dladdr(3). False where the runtime is linked statically without its symbols.
int webio_main_has_thrown(void);

#endif
