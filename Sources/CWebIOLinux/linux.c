#include "CWebIOLinux.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int webio_openat2(int directory, const char *path, uint64_t flags, uint64_t resolve) {
  struct open_how how = {.flags = flags, .resolve = resolve};
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int webio_borrow_descriptor(pid_t process, int descriptor) {
  int handle = (int)syscall(SYS_pidfd_open, process, 0);
  if (handle < 0) return -1;
  int copy = (int)syscall(SYS_pidfd_getfd, handle, descriptor, 0);
  int error = errno;
  close(handle);
  errno = error;
  return copy;
}

uint64_t webio_resolve_beneath(void) {
  return RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
}

void webio_line_buffer_stdout(void) { setvbuf(stdout, NULL, _IOLBF, 0); }

int webio_terminal_columns(int descriptor) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

int webio_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
int webio_exit_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
char **webio_environment(void) { return environ; }

void webio_name_thread(pthread_t thread, const char *name) { pthread_setname_np(thread, name); }

int webio_core_count(void) {
  cpu_set_t cores;
  // It fails where there are more than a cpu_set_t has room for.
  if (sched_getaffinity(0, sizeof cores, &cores)) return (int)sysconf(_SC_NPROCESSORS_ONLN);
  return CPU_COUNT(&cores);
}

int webio_accept(int listener, struct sockaddr_storage *peer, socklen_t *length) {
  return accept4(listener, (struct sockaddr *)peer, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int webio_spawn_new_session(void) { return POSIX_SPAWN_SETSID; }

int webio_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

static int signal_pipe = -1;

static void forward_signal(int signal) {
  int saved = errno;
  unsigned char byte = (unsigned char)signal;
  ssize_t ignored = write(signal_pipe, &byte, 1);
  (void)ignored;
  errno = saved;
}

void webio_forward_signal(int signal, int descriptor, int once) {
  signal_pipe = descriptor;
  struct sigaction action = {.sa_handler = forward_signal, .sa_flags = SA_RESTART | (once ? (int)SA_RESETHAND : 0)};
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, NULL);
}

int webio_has_default_action(int signal) {
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_DFL;
}

int webio_open_route_socket(void) {
  int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (descriptor < 0) return -1;
  struct sockaddr_nl address = {
      .nl_family = AF_NETLINK,
      .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE,
  };
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0) return descriptor;
  int code = errno;
  close(descriptor);
  errno = code;
  return -1;
}

int webio_main_has_thrown(void) {
  void *frames[64];
  int count = backtrace(frames, 64);
  for (int index = 0; index < count; index++) {
    Dl_info symbol;
    if (dladdr(frames[index], &symbol) != 0 && symbol.dli_sname != NULL && strcmp(symbol.dli_sname, "swift_errorInMain") == 0)
      return 1;
  }
  return 0;
}
