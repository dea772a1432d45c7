// The origin server and the visitors of tunnel.py, in C so that neither is what is measured.
//   load serve PORT
//   load PORT lat|par|new|down|up|idle|stalled
// `serve` answers GET with 200 bytes, GET /down/N with N bytes, and any body with its length.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../benchmark.h"

enum { SMALL = 200, BULK = 200 * 1000 * 1000 };
static char block[1 << 16];
static int port;

static void write_all(int fd, const void *bytes, size_t count) {
  while (count > 0) {
    ssize_t done = write(fd, bytes, count);
    if (done <= 0) die("write");
    bytes = (const char *)bytes + done;
    count -= (size_t)done;
  }
}

static struct sockaddr_in loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Reads a head into `head` (NUL-terminated) and returns how many bytes behind it are there too, moved to `extra`.
static long read_head(int fd, char *head, size_t size, char *extra) {
  size_t count = 0;
  for (;;) {
    ssize_t got = read(fd, head + count, size - 1 - count);
    if (got <= 0) return -1;
    count += (size_t)got;
    head[count] = 0;
    char *end = strstr(head, "\r\n\r\n");
    if (end == NULL) continue;
    size_t rest = count - (size_t)(end + 4 - head);
    if (extra != NULL) memcpy(extra, end + 4, rest);
    end[4] = 0;
    return (long)rest;
  }
}

static long length_of(const char *head) {
  const char *field = strcasestr(head, "\r\ncontent-length:");
  return field == NULL ? 0 : atol(field + 17);
}

// MARK: The origin

static void *serve_one(void *argument) {
  int fd = (int)(long)argument;
  char head[1 << 14], extra[1 << 14], answer[256];
  char *junk = malloc(sizeof block);
  for (;;) {
    long rest = read_head(fd, head, sizeof head, extra);
    if (rest < 0) break;
    long body = length_of(head), total = body;
    for (body -= rest; body > 0;) {
      ssize_t got = read(fd, junk, sizeof block);
      if (got <= 0) goto end;
      body -= got;
    }
    long size = strncmp(head, "GET /down/", 10) == 0 ? atol(head + 10) : SMALL;
    if (strcasestr(head, "\r\nupgrade: idle")) {
      write_all(fd, answer, (size_t)sprintf(answer, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: idle\r\n\r\n"));
      while (read(fd, junk, sizeof block) > 0) {}
      break;
    }
    size_t count = (size_t)sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\nX-Body: %ld\r\n\r\n", size, total);
    if (size <= SMALL) {
      char small[512];
      memcpy(small, answer, count);
      memset(small + count, 'x', (size_t)size);
      if (write(fd, small, count + (size_t)size) < 0) break;
    } else {
      if (write(fd, answer, count) < 0) break;
      while (size > 0) {
        ssize_t done = write(fd, block, size < (long)sizeof block ? (size_t)size : sizeof block);
        if (done <= 0) goto end;
        size -= done;
      }
    }
    if (strcasestr(head, "\r\nconnection: close")) break;
  }
end:
  close(fd);
  free(junk);
  return NULL;
}

static void serve(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = loopback();
  if (bind(listener, (void *)&address, sizeof address) != 0 || listen(listener, 4096) != 0) die("listen");
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 << 10);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    pthread_t thread;
    if (pthread_create(&thread, &attributes, serve_one, (void *)(long)fd) != 0) close(fd);
  }
}

// MARK: Visitors

static int dial(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in address = loopback();
  if (connect(fd, (void *)&address, sizeof address) != 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static const char small_request[] = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";

// One answer of the small kind, whole.
static void read_small(int fd) {
  char head[4096];
  long rest = read_head(fd, head, sizeof head, NULL);
  if (rest < 0) die("no answer");
  for (long left = length_of(head) - rest; left > 0;) {
    char junk[4096];
    ssize_t got = read(fd, junk, sizeof junk);
    if (got <= 0) die("half an answer");
    left -= got;
  }
}

static int ascending(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return a < b ? -1 : a > b;
}

static double latency(int rounds) {
  double *times = malloc((size_t)rounds * sizeof *times);
  int fd = dial();
  for (int round = -50; round < rounds; round++) {
    double begun = now();
    write_all(fd, small_request, sizeof small_request - 1);
    read_small(fd);
    if (round >= 0) times[round] = now() - begun;
  }
  close(fd);
  qsort(times, (size_t)rounds, sizeof *times, ascending);
  double median = times[rounds / 2];
  free(times);
  return median * 1e6;
}

static double parallel(void) {
  enum { COUNT = 128, WANTED = 20000 };
  struct { int fd; long left; char head[2048]; size_t count; } visitor[COUNT] = {};
  int set = epoll_create1(0);
  for (int i = 0; i < COUNT; i++) {
    visitor[i].fd = dial();
    visitor[i].left = -1;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(set, EPOLL_CTL_ADD, visitor[i].fd, &event);
    write_all(visitor[i].fd, small_request, sizeof small_request - 1);
  }
  double begun = 0;
  for (long done = 0; done < WANTED;) {
    if (done >= COUNT && begun == 0) begun = now();
    struct epoll_event events[COUNT];
    int ready = epoll_wait(set, events, COUNT, 10000);
    if (ready <= 0) die("a stall");
    for (int e = 0; e < ready; e++) {
      int i = (int)events[e].data.u32;
      ssize_t got = read(visitor[i].fd, visitor[i].head + visitor[i].count, sizeof visitor[i].head - 1 - visitor[i].count);
      if (got <= 0) die("half an answer");
      visitor[i].count += (size_t)got;
      visitor[i].head[visitor[i].count] = 0;
      char *end = strstr(visitor[i].head, "\r\n\r\n");
      if (end == NULL || visitor[i].count < (size_t)(end + 4 - visitor[i].head) + SMALL) continue;
      visitor[i].count = 0;
      done++;
      write_all(visitor[i].fd, small_request, sizeof small_request - 1);
    }
  }
  return (WANTED - COUNT) / (now() - begun);
}

static double connections(void) {
  enum { COUNT = 600 };
  double begun = now();
  for (int i = 0; i < COUNT; i++) {
    int fd = dial();
    write_all(fd, small_request, sizeof small_request - 1);
    read_small(fd);
    close(fd);
  }
  return COUNT / (now() - begun);
}

static double down(void) {
  int fd = dial();
  char head[4096];
  double begun = now();
  write_all(fd, head, (size_t)sprintf(head, "GET /down/%d HTTP/1.1\r\nHost: app.test\r\n\r\n", BULK));
  long left = BULK - read_head(fd, head, sizeof head, NULL);
  while (left > 0) {
    ssize_t got = read(fd, block, sizeof block);
    if (got <= 0) die("half an answer");
    left -= got;
  }
  close(fd);
  return BULK / 1e6 / (now() - begun);
}

static double up(void) {
  int fd = dial();
  char head[4096];
  double begun = now();
  write_all(fd, head, (size_t)sprintf(head, "POST /up HTTP/1.1\r\nHost: app.test\r\nContent-Length: %d\r\n\r\n", BULK));
  for (long left = BULK; left > 0; left -= (long)sizeof block) write_all(fd, block, left < (long)sizeof block ? (size_t)left : sizeof block);
  read_small(fd);
  close(fd);
  return BULK / 1e6 / (now() - begun);
}

// As long as the program runs: upgraded connections that say nothing, and transfers that nobody reads or finishes.
static void hold_idle(int count) {
  for (int i = 0; i < count; i++) {
    char head[4096];
    int fd = dial();
    write_all(fd, head, (size_t)sprintf(head, "GET /idle HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: idle\r\n\r\n"));
    if (read_head(fd, head, sizeof head, NULL) < 0) die("no upgrade");
  }
}

static void hold_stalled(void) {
  char head[256];
  for (int i = 0; i < 20; i++) {
    write_all(dial(), head, (size_t)sprintf(head, "GET /down/%d HTTP/1.1\r\nHost: app.test\r\n\r\n", BULK));
    int fd = dial();
    write_all(fd, head, (size_t)sprintf(head, "POST /up HTTP/1.1\r\nHost: app.test\r\nContent-Length: %d\r\n\r\n", BULK));
    write_all(fd, block, sizeof block);
  }
  sleep(1);
}

int main(int count, char **words) {
  signal(SIGPIPE, SIG_IGN);
  if (count == 3 && strcmp(words[1], "serve") == 0) {
    port = atoi(words[2]);
    serve();
  }
  if (count != 3) return 2;
  port = atoi(words[1]);
  const char *what = words[2];
  double result;
  if (strcmp(what, "lat") == 0) result = latency(1500);
  else if (strcmp(what, "par") == 0) result = parallel();
  else if (strcmp(what, "new") == 0) result = connections();
  else if (strcmp(what, "down") == 0) result = down();
  else if (strcmp(what, "up") == 0) result = up();
  else if (strcmp(what, "idle") == 0) { hold_idle(1000); result = latency(500); }
  else if (strcmp(what, "stalled") == 0) { hold_stalled(); result = latency(500); }
  else if (strcmp(what, "hold") == 0) { hold_idle(256); puts("0"); fflush(stdout); pause(); return 0; }
  else return 2;
  printf("%.1f\n", result);
}
