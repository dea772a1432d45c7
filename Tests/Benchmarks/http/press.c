// The clients of sessions.py's callbacks, in C so that they are not what is measured: press SECONDS
// On stdin, for each session that was opened already, a line with its descriptor and, in hexadecimal, the frame of a click. One
// click is under way in each. Prints an empty line after half a second, and then how many answers came in SECONDS.
#define _GNU_SOURCE
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "../benchmark.h"

enum { MOST = 1024, LONGEST = 512 };
static struct { int fd; size_t count; unsigned char bytes[LONGEST]; } presses[MOST];

static void press(int number) {
  if (send(presses[number].fd, presses[number].bytes, presses[number].count, MSG_NOSIGNAL) < 0) die("send");
}

static long answers(int poll, double seconds) {
  static char answer[1 << 16];
  long count = 0;
  double end = now() + seconds;
  while (now() < end) {
    struct epoll_event events[MOST];
    int ready = epoll_wait(poll, events, MOST, 100);
    for (int index = 0; index < ready; index++) {
      int number = events[index].data.u32;
      ssize_t length = recv(presses[number].fd, answer, sizeof answer, MSG_DONTWAIT);
      if (length == 0) die("closed");
      // It is one small frame, which comes in one piece.
      if (length < 0 || !memmem(answer, length, "pressed", 7)) continue;
      count++;
      press(number);
    }
  }
  return count;
}

int main(int count, char **words) {
  if (count != 2) return 2;
  int poll = epoll_create1(0), sessions = 0;
  static char hex[2 * LONGEST + 1];
  while (sessions < MOST && scanf("%d %1024s", &presses[sessions].fd, hex) == 2) {
    for (const char *digits = hex; sscanf(digits, "%2hhx", &presses[sessions].bytes[presses[sessions].count]) == 1; digits += 2)
      presses[sessions].count++;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = sessions};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, presses[sessions].fd, &event)) die("epoll_ctl");
    sessions++;
  }
  for (int number = 0; number < sessions; number++) press(number);
  answers(poll, 0.5);
  puts("");
  fflush(stdout);
  printf("%ld\n", answers(poll, atof(words[1])));
}
