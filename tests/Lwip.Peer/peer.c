/* A TCP peer on lwIP, as Debian builds it (liblwip): peer DEVICE ADDRESS listen PORT, or peer DEVICE ADDRESS connect PEER PORT.
 * It sends its standard input and writes what comes to its standard output, each to its end. IPv6 packets go through a TUN device,
 * so that no kernel's TCP takes part. */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <lwip/netif.h>
#include <lwip/sockets.h>
#include <lwip/tcpip.h>

enum { MTU = 1500, CHUNK = 16384, LINGER_SECONDS = 60 };

static int tun, stream;
static struct netif netif;
static sem_t started;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void open_tun(const char *name)
{
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if ((tun = open("/dev/net/tun", O_RDWR)) < 0 || ioctl(tun, TUNSETIFF, &request) < 0)
        fail("/dev/net/tun");
}

static err_t send_packet(struct netif *from, struct pbuf *packet, const ip6_addr_t *next_hop)
{
    char octets[MTU];
    (void)from, (void)next_hop;
    u16_t length = pbuf_copy_partial(packet, octets, sizeof octets, 0);
    return write(tun, octets, length) == length ? ERR_OK : ERR_IF;
}

static void *receive_packets(void *unused)
{
    char octets[MTU];
    ssize_t length;
    while ((length = read(tun, octets, sizeof octets)) > 0) {
        struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_RAM); /* blocks of the pool are smaller than this build takes them for */
        if (packet == NULL)
            continue;
        pbuf_take(packet, octets, (u16_t)length);
        if (octets[0] >> 4 != 6 || netif.input(packet, &netif) != ERR_OK)
            pbuf_free(packet);
    }
    return unused;
}

static err_t set_up(struct netif *added)
{
    added->name[0] = 't';
    added->name[1] = 'n';
    added->mtu = MTU;
    added->output_ip6 = send_packet;
    return ERR_OK;
}

static void start(void *address)
{
    netif_add_noaddr(&netif, NULL, set_up, tcpip_input);
    netif_ip6_addr_set(&netif, 0, address);
    netif_ip6_addr_set_state(&netif, 0, IP6_ADDR_PREFERRED);
    netif_set_default(&netif);
    netif_set_link_up(&netif);
    netif_set_up(&netif);
    sem_post(&started);
}

static void *write_what_comes(void *unused)
{
    char octets[CHUNK];
    ssize_t length;
    while ((length = lwip_recv(stream, octets, sizeof octets, 0)) > 0)
        if (fwrite(octets, 1, (size_t)length, stdout) != (size_t)length)
            fail("stdout");
    if (length < 0)
        fail("lwip_recv");
    fflush(stdout);
    return unused;
}

static void send_input(void)
{
    char octets[CHUNK];
    ssize_t length;
    while ((length = read(0, octets, sizeof octets)) > 0)
        for (ssize_t done = 0, sent; done < length; done += sent)
            if ((sent = lwip_send(stream, octets + done, (size_t)(length - done), 0)) <= 0)
                fail("lwip_send");
    if (lwip_shutdown(stream, SHUT_WR) < 0)
        fail("lwip_shutdown");
}

int main(int count, char **arguments)
{
    ip6_addr_t address;
    struct sockaddr_in6 peer = { .sin6_family = AF_INET6 };
    pthread_t packets, incoming;
    struct linger linger = { .l_onoff = 1, .l_linger = LINGER_SECONDS };
    int listens = count == 5 && !strcmp(arguments[3], "listen");
    if ((!listens && (count != 6 || strcmp(arguments[3], "connect"))) || !ip6addr_aton(arguments[2], &address)
        || (!listens && !lwip_inet_pton(AF_INET6, arguments[4], &peer.sin6_addr)))
        return 2;
    peer.sin6_port = lwip_htons((u16_t)atoi(arguments[count - 1]));

    open_tun(arguments[1]);
    sem_init(&started, 0, 0);
    tcpip_init(start, &address);
    sem_wait(&started);
    if (pthread_create(&packets, NULL, receive_packets, NULL))
        fail("pthread_create");
    stream = lwip_socket(AF_INET6, SOCK_STREAM, 0);
    if (listens) {
        int listener = stream;
        if (lwip_bind(listener, (struct sockaddr *)&peer, sizeof peer) < 0 || lwip_listen(listener, 1) < 0)
            fail("lwip_listen");
        fprintf(stderr, "listening\n");
        stream = lwip_accept(listener, NULL, NULL);
    }
    else if (lwip_connect(stream, (struct sockaddr *)&peer, sizeof peer) < 0)
        fail("lwip_connect");
    if (stream < 0)
        fail("lwip_accept");
    fprintf(stderr, "connected\n");
    if (pthread_create(&incoming, NULL, write_what_comes, NULL))
        fail("pthread_create");
    send_input();
    pthread_join(incoming, NULL);
    if (lwip_setsockopt(stream, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) < 0 || lwip_close(stream) < 0)
        fail("lwip_close");
    return 0;
}
