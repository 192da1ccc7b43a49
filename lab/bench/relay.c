// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0
//
// A long way between a client and a service, on one machine and without rights: every byte arrives
// half a round trip later, and each direction of a connection has at most a window of bytes on its
// way or not acknowledged. So one connection carries a window in a round trip, as with TCP. A
// connection costs one more round trip before its first byte.
//
//   bench-relay PORT SERVICE_PORT ROUND_TRIP_MS WINDOW_KIB

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { part_max = 64 << 10, parts_max = 4096 };

static int64_t round_trip_ns, window;
static int service_port;

typedef struct {
    char *bytes;
    int count;
    int64_t due_ns;  // when it is sent; then, when its acknowledgement arrives
} Part;

// One direction. The reader fills `parts` and waits for the window; the writer sends what is due.
// A part leaves the window half a round trip after it was sent, when its acknowledgement arrives.
typedef struct {
    int from, to;
    int64_t opened_ns;
    Part parts[parts_max];
    unsigned head, sent, tail;  // acknowledged up to head, sent up to sent, read up to tail
    int64_t in_window;
    int is_over;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_int *users;  // of both sockets
} Direction;

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void sleep_until(int64_t ns) {
    struct timespec at = {ns / 1000000000LL, ns % 1000000000LL};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {}
}

static void leave(Direction *d) {
    int from = d->from, to = d->to;
    atomic_int *users = d->users;
    if (atomic_fetch_sub(users, 1) == 1) {
        close(from);
        close(to);
        free(users);
    }
}

static void *write_parts(void *given) {
    Direction *d = given;
    int failed = 0;
    for (;;) {
        pthread_mutex_lock(&d->lock);
        while (d->sent == d->tail && !d->is_over) pthread_cond_wait(&d->changed, &d->lock);
        int is_done = d->sent == d->tail;
        Part *part = &d->parts[d->sent % parts_max];
        pthread_mutex_unlock(&d->lock);
        if (is_done) break;
        sleep_until(part->due_ns);
        for (int at = 0; at < part->count && !failed;) {
            ssize_t count = send(d->to, part->bytes + at, part->count - at, MSG_NOSIGNAL);
            if (count <= 0) failed = 1;
            else at += count;
        }
        free(part->bytes);
        pthread_mutex_lock(&d->lock);
        part->due_ns = now_ns() + round_trip_ns / 2;
        d->sent++;
        pthread_cond_broadcast(&d->changed);
        pthread_mutex_unlock(&d->lock);
        if (failed) shutdown(d->from, SHUT_RD);
    }
    shutdown(d->to, SHUT_WR);
    leave(d);
    return NULL;
}

// Waits until the window has room, and returns how much.
static int64_t wait_for_room(Direction *d) {
    pthread_mutex_lock(&d->lock);
    for (;;) {
        while (d->head != d->sent && d->parts[d->head % parts_max].due_ns <= now_ns())
            d->in_window -= d->parts[d->head++ % parts_max].count;
        if (d->in_window < window && d->tail - d->head < parts_max) break;
        if (d->head == d->sent) {
            pthread_cond_wait(&d->changed, &d->lock);
        } else {
            int64_t due = d->parts[d->head % parts_max].due_ns;
            pthread_mutex_unlock(&d->lock);
            sleep_until(due);
            pthread_mutex_lock(&d->lock);
        }
    }
    int64_t room = window - d->in_window;
    pthread_mutex_unlock(&d->lock);
    return room;
}

static void *read_parts(void *given) {
    Direction *d = given;
    for (;;) {
        int64_t room = wait_for_room(d);
        char *bytes = malloc(part_max);
        ssize_t count = recv(d->from, bytes, room < part_max ? room : part_max, 0);
        if (count <= 0) {
            free(bytes);
            break;
        }
        int64_t due = now_ns() + round_trip_ns / 2;
        if (due < d->opened_ns) due = d->opened_ns;
        pthread_mutex_lock(&d->lock);
        d->parts[d->tail++ % parts_max] = (Part){bytes, count, due};
        d->in_window += count;
        pthread_cond_broadcast(&d->changed);
        pthread_mutex_unlock(&d->lock);
    }
    pthread_mutex_lock(&d->lock);
    d->is_over = 1;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

static void *run_direction(void *given) {
    pthread_t writer;
    pthread_create(&writer, NULL, write_parts, given);
    read_parts(given);
    pthread_join(writer, NULL);
    free(given);
    return NULL;
}

static int connect_service(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(service_port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int service = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(service, (struct sockaddr *)&address, sizeof address) == 0) return service;
    close(service);
    return -1;
}

static void relay(int client, int service) {
    int yes = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(service, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    atomic_int *users = malloc(sizeof *users);
    atomic_init(users, 2);
    for (int index = 0; index < 2; index++) {
        Direction *d = calloc(1, sizeof *d);
        d->from = index ? service : client;
        d->to = index ? client : service;
        d->opened_ns = now_ns() + round_trip_ns * 3 / 2;
        d->users = users;
        pthread_mutex_init(&d->lock, NULL);
        pthread_cond_init(&d->changed, NULL);
        pthread_t thread;
        pthread_create(&thread, NULL, run_direction, d);
        pthread_detach(thread);
    }
}

int main(int count, char **words) {
    if (count != 5) {
        fprintf(stderr, "usage: bench-relay PORT SERVICE_PORT ROUND_TRIP_MS WINDOW_KIB\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // It must not outlive the benchmark.
    service_port = atoi(words[2]);
    round_trip_ns = atoi(words[3]) * 1000000LL;
    window = atoi(words[4]) * 1024LL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        fprintf(stderr, "port %s: %s\n", words[1], strerror(errno));
        return 1;
    }
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) continue;
        int service = connect_service();
        if (service < 0) close(client);
        else relay(client, service);
    }
}
