// Apart from the rest: the kernel's header and <netinet/tcp.h> name the same types.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

uint32_t webio_tcp_out_of_order(int descriptor) {
  struct tcp_info information = {0};
  socklen_t size = sizeof information;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &information, &size) != 0) return 0;
  return information.tcpi_rcv_ooopack;
}
