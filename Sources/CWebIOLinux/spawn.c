// After fork in a threaded process only async-signal-safe functions may run: everything below the fork is system
// calls and arithmetic on the stack.
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CWebIOLinux.h"

enum { MAX_DESCRIPTORS = 16 };

static void close_from(unsigned first) { syscall(SYS_close_range, first, ~0u, 0); }

static void send_message(int lifeline, int kind, int value) {
  webio_child_message message = {kind, value};
  while (send(lifeline, &message, sizeof message, MSG_NOSIGNAL) < 0 && errno == EINTR) {}
}

static void reset_signals(void) {
  // Straight to the kernel: the C library keeps signals 32 and 33 to itself, and an ignored one would stay ignored.
  unsigned long standard[4] = {0};
  for (int signal = 1; signal <= 64; signal++) syscall(SYS_rt_sigaction, signal, standard, NULL, 8);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/// Moves the request's descriptors out of the way of 0... and then to their places.
static void run_child(const webio_spawn_request *request, int lifeline) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int count = 3 + request->inherited_count;
  int wanted[MAX_DESCRIPTORS];
  wanted[0] = request->input;
  wanted[1] = request->output;
  wanted[2] = request->error;
  for (int index = 0; index < request->inherited_count; index++) wanted[3 + index] = request->inherited[index];
  lifeline = fcntl(lifeline, F_DUPFD_CLOEXEC, 64);
  for (int index = 0; index < count; index++) wanted[index] = fcntl(wanted[index], F_DUPFD_CLOEXEC, 64);
  for (int index = 0; index < count; index++)
    if (wanted[index] >= 0) dup2(wanted[index], index);
  for (int descriptor = count; descriptor < 64; descriptor++) close(descriptor);
  syscall(SYS_close_range, 64, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
  if (request->directory != NULL && chdir(request->directory) != 0) {
    send_message(lifeline, WEBIO_CHILD_EXEC_FAILED, errno);
    _exit(127);
  }
  if (request->data_limit > 0) {
    struct rlimit limit = {.rlim_cur = request->data_limit, .rlim_max = request->data_limit};
    setrlimit(RLIMIT_DATA, &limit);
  }
  reset_signals();
  execve(request->path, request->arguments, request->environment);
  send_message(lifeline, WEBIO_CHILD_EXEC_FAILED, errno);
  _exit(127);
}

static size_t format_pid(char *out, long value) {
  char digits[24];
  size_t count = 0, length = 0;
  do {
    digits[count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  while (count > 0) out[length++] = digits[--count];
  return length;
}

/// Kills all children of this process, again and again, until none is left: each dead parent hands its own
/// children to us because we are their subreaper.
static void kill_descendants(void) {
  char path[64] = "/proc/self/task/";
  size_t length = 16 + format_pid(path + 16, (long)syscall(SYS_gettid));
  const char *tail = "/children";
  for (size_t index = 0; index < 10; index++) path[length + index] = tail[index];
  for (int round = 0; round < 10000; round++) {
    int list = open(path, O_RDONLY | O_CLOEXEC);
    if (list >= 0) {
      char text[4096];
      ssize_t size = read(list, text, sizeof text);
      close(list);
      long pid = 0;
      for (ssize_t index = 0; index < size; index++) {
        if (text[index] >= '0' && text[index] <= '9') {
          pid = pid * 10 + (text[index] - '0');
        } else {
          if (pid > 0) kill((pid_t)pid, SIGKILL);
          pid = 0;
        }
      }
    }
    int status;
    pid_t ended = waitpid(-1, &status, 0);
    if (ended < 0 && errno == ECHILD) return;
  }
}

static void run_guard(const webio_spawn_request *request, int lifeline) {
  setpgid(0, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "webio-guard");
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);

  pid_t child = fork();
  if (child == 0) run_child(request, lifeline);
  if (child < 0) {
    send_message(lifeline, WEBIO_CHILD_EXEC_FAILED, errno);
    _exit(127);
  }
  setpgid(child, child);
  lifeline = dup2(lifeline, 3) == 3 ? 3 : lifeline;
  close_from(4);
  int nothing = open("/dev/null", O_RDWR);
  for (int descriptor = 0; descriptor < 3; descriptor++) dup2(nothing, descriptor);
  close(nothing);
  send_message(lifeline, WEBIO_CHILD_STARTED, child);

  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  int ended = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  struct pollfd sources[2] = {{.fd = lifeline, .events = POLLIN}, {.fd = ended, .events = POLLIN}};
  for (;;) {
    if (poll(sources, 2, -1) < 0 && errno != EINTR) break;
    if (sources[0].revents != 0) {
      unsigned char signal;
      ssize_t size = recv(lifeline, &signal, 1, MSG_DONTWAIT);
      if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) break;
      if (size == 1) kill(-child, signal);
    }
    if (sources[1].revents != 0) {
      struct signalfd_siginfo info;
      while (read(ended, &info, sizeof info) > 0) {}
      int status;
      pid_t pid;
      while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != child) continue;
        kill_descendants();
        send_message(lifeline, WEBIO_CHILD_EXITED, status);
        _exit(0);
      }
    }
  }
  kill_descendants();
  _exit(0);
}

int webio_spawn(const webio_spawn_request *request, pid_t *guard, int *lifeline) {
  if (request->inherited_count > MAX_DESCRIPTORS - 3) return EINVAL;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    run_guard(request, ends[1]);
  }
  int failure = pid < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(ends[1]);
  if (failure != 0) {
    close(ends[0]);
    return failure;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *guard = pid;
  *lifeline = ends[0];
  return 0;
}
