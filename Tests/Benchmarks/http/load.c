// plain.py's light client: load PORT PATH CONNECTIONS SECONDS
// Each connection has one request under way, as wrk's have. It looks at nothing but lengths, so that it is never slower than the
// server: wrk, which parses each answer, is from about 130,000 a second on. Prints answers a second and the 99th percentile in ms.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../benchmark.h"

enum { MOST = 1024, BUCKETS = 100000 };
static char request[512], answer[1 << 16];
static int sockets[MOST], length;
static double sent[MOST];
// Of 10 µs each: up to a second.
static long buckets[BUCKETS];

static void ask(int number) {
  sent[number] = now();
  if (send(sockets[number], request, strlen(request), MSG_NOSIGNAL) < 0) die("send");
}

int main(int count, char **words) {
  if (count != 5) return 2;
  int connections = atoi(words[3]);
  if (connections < 1 || connections > MOST) return 2;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n", words[2], words[1]);
  int poll = epoll_create1(0), yes = 1;
  for (int number = 0; number < connections; number++) {
    int fd = sockets[number] = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ask(number);
    // The date is as long in each answer.
    length = recv(fd, answer, sizeof answer, 0);
    if (length < 12 || memcmp(answer, "HTTP/1.1 200", 12)) die("no answer of 200");
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  }
  double start = now(), end = start + atof(words[4]);
  long answers = 0, late = 0;
  for (int number = 0; number < connections; number++) ask(number);
  while (now() < end) {
    struct epoll_event events[MOST];
    int ready = epoll_wait(poll, events, MOST, 100);
    for (int index = 0; index < ready; index++) {
      int number = events[index].data.u32;
      if (recv(sockets[number], answer, sizeof answer, 0) != length) die("an answer of another length");
      long bucket = (long)((now() - sent[number]) * 1e5);
      buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
      answers++;
      ask(number);
    }
  }
  double seconds = now() - start;
  int bucket = BUCKETS;
  while (bucket > 0 && late <= answers / 100) late += buckets[--bucket];
  printf("%.0f %.2f\n", answers / seconds, (bucket + 1) / 100.0);
}
