// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0
//
// A fast Image service for benchmarks: it has records in memory, makes image data up and throws
// away what it gets, so that a measurement shows the client. A thread for each connection, no
// Keystone. The data of an image follows from its size and, up to 1 MiB, from its number, which is
// in the first eight bytes. So the service knows the digests of what it gets without hashing it.
//
//   bench-service PORT [TLS_PORT CERTIFICATE KEY]
//
//   POST /bench/images?count=N&size=BYTES   N active images instead of those before
//   POST /bench/clear?count=N&size=BYTES    no image, but the digests of the same N
//   POST /bench/count                       sets the counters to zero, as the two above do
//   GET /bench/counters                     requests, connections, most bodies at one time

#define _GNU_SOURCE
#include "http.h"
#include "service.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum {
    block_size = 4 << 20,
    small_max = 1 << 20,  // the size up to which each image has other data
};

static char *block;  // image data repeats it
static int block_file;
static Records records;
static Sums *known;  // by number, or one for all if they are large
static int known_count;
static int64_t known_size;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_long requests, connections, bodies, bodies_most, new_ids;
static SSL_CTX *tls;

// MARK: Digests

static void compute_sums(Sums *sums, int64_t size, int64_t number) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length;
    char first[8];
    memcpy(first, size > small_max ? block : (char *)&number, sizeof first);
    const EVP_MD *kinds[] = {EVP_md5(), EVP_sha512()};
    char *texts[] = {sums->md5, sums->sha512};
    for (int kind = 0; kind < 2; kind++) {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_DigestInit(context, kinds[kind]);
        EVP_DigestUpdate(context, first, sizeof first);
        for (int64_t at = sizeof first; at < size;) {
            int64_t offset = at % block_size, part = block_size - offset;
            if (part > size - at) part = size - at;
            EVP_DigestUpdate(context, block + offset, part);
            at += part;
        }
        EVP_DigestFinal(context, digest, &length);
        EVP_MD_CTX_free(context);
        for (unsigned i = 0; i < length; i++) sprintf(texts[kind] + 2 * i, "%02x", digest[i]);
    }
    sums->size = size;
}

// Computes the digests of so many images, unless they are known.
static void know(int count, int64_t size) {
    if (size > small_max) count = 1;
    if (size == known_size && count <= known_count) return;
    known = calloc(count, sizeof(Sums));  // Answers may still read the old ones.
    for (int number = 0; number < count; number++) compute_sums(&known[number], size, number);
    known_count = count;
    known_size = size;
}

static const Sums *sums_of(int64_t size, int64_t number) {
    if (size > small_max) number = 0;
    return size == known_size && number >= 0 && number < known_count ? &known[number] : NULL;
}

// MARK: Answers

static int send_data(Connection *c, const Request *request, int64_t size, int64_t number) {
    int64_t first = 0, last = size - 1;
    char headers[256];
    int is_part = sscanf(request->range, "bytes=%ld-%ld", &first, &last) >= 1;
    if (last >= size) last = size - 1;
    int length = snprintf(headers, sizeof headers, "HTTP/1.1 %s\r\nContent-Length: %ld\r\n"
                          "Content-Type: application/octet-stream\r\n",
                          is_part ? "206 Partial Content" : "200 OK", last - first + 1);
    if (is_part)
        length += snprintf(headers + length, sizeof headers - length,
                           "Content-Range: bytes %ld-%ld/%ld\r\n", first, last, size);
    length += snprintf(headers + length, sizeof headers - length, "\r\n");
    if (send_all(c, headers, length)) return -1;
    if (size <= small_max && first < 8) {
        int64_t part = last < 7 ? last + 1 : 8;
        if (send_all(c, (char *)&number + first, part - first)) return -1;
        first = part;
    }
    for (int64_t at = first; at <= last;) {
        off_t offset = at % block_size;
        int64_t part = block_size - offset;
        if (part > last + 1 - at) part = last + 1 - at;
        if (c->ssl) {
            if (send_all(c, block + offset, part)) return -1;
        } else {
            part = sendfile(c->socket, block_file, &offset, part);
            if (part <= 0) return -1;
        }
        at += part;
    }
    return 0;
}

static int send_list(Connection *c, const Request *request) {
    char value[256], *text;
    size_t size;
    const char *given = parameter(request, "limit", value);
    int limit = given ? atoi(given) : 25, index = 0, found = 0;
    if (limit > 1000) limit = 1000;
    const char *hidden = parameter(request, "os_hidden", value);
    int wants_hidden = hidden && !strcasecmp(hidden, "true");
    FILE *to = open_memstream(&text, &size);
    fputs("{\"images\": [", to);
    pthread_mutex_lock(&lock);
    if (parameter(request, "marker", value)) {
        Record *marker = records_find(&records, value);
        if (marker) index = marker - records.all + 1;
    }
    Record *last = NULL;
    for (; index < records.count && found < limit; index++) {
        Record *record = &records.all[index];
        if (!record->members || record_has(record, "os_hidden", "true") != wants_hidden) continue;
        if (found++) fputs(", ", to);
        record_write(record, to);
        last = record;
    }
    fputs("], \"schema\": \"/v2/schemas/images\", \"first\": \"/v2/images\"", to);
    if (found == limit && index < records.count)
        fprintf(to, ", \"next\": \"/v2/images?limit=%d&marker=%s%s\"", limit, last->id,
                hidden ? (wants_hidden ? "&os_hidden=true" : "&os_hidden=false") : "");
    fputs("}", to);
    pthread_mutex_unlock(&lock);
    fclose(to);
    int result = answer(c, "200 OK", "", text);
    free(text);
    return result;
}

static int send_record(Connection *c, const char *status, Record *record, const char *headers) {
    char *text;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    record_write(record, to);
    fclose(to);
    pthread_mutex_unlock(&lock);
    int result = answer(c, status, headers, text);
    free(text);
    return result;
}

static int create(Connection *c, Request *request) {
    char *body = read_body(c, request), id[64] = "", headers[256];
    if (!body) return -1;
    json_member(body, "id", id, sizeof id);
    if (*id) {
        memmove(id, id + 1, strlen(id));
        id[36] = 0;
    } else {
        snprintf(id, sizeof id, "0dd00000-0000-4000-8000-%012lx", ++new_ids);
    }
    pthread_mutex_lock(&lock);
    Record *record = records_add(&records, id, body);
    free(body);
    if (!record) {
        pthread_mutex_unlock(&lock);
        return answer(c, "409 Conflict", "", "{}");
    }
    snprintf(headers, sizeof headers, "Location: /v2/images/%s\r\n"
             "OpenStack-image-import-methods: glance-direct\r\n", id);
    return send_record(c, "201 Created", record, headers);
}

static int receive_data(Connection *c, Request *request, const char *id, int is_webdav) {
    long now = ++bodies, most = bodies_most;
    while (now > most && !atomic_compare_exchange_weak(&bodies_most, &most, now)) {}
    int64_t number = -1;
    Kept kept = {(char *)&number, 0, sizeof number};
    int64_t size = take_body(c, request, &kept);
    bodies--;
    pthread_mutex_lock(&lock);
    Record *record = records_find(&records, id);
    if (!record && is_webdav) record = records_add(&records, id, NULL);
    if (record && size >= 0) {
        record->sums = sums_of(size, number);
        record->size = size;
        record->status = "active";
    }
    pthread_mutex_unlock(&lock);
    return size < 0 ? -1 : answer(c, is_webdav ? "201 Created" : "204 No Content", "", "");
}

static int control(Connection *c, const Request *request) {
    char value[256], id[64], fields[256], text[256];
    if (!strcmp(request->path, "/bench/counters")) {
        snprintf(text, sizeof text,
                 "{\"requests\": %ld, \"connections\": %ld, \"bodies_most\": %ld}",
                 (long)requests, (long)connections, (long)bodies_most);
        return answer(c, "200 OK", "", text);
    }
    pthread_mutex_lock(&lock);
    if (strcmp(request->path, "/bench/count")) records_reset(&records);
    int count = parameter(request, "count", value) ? atoi(value) : 0;
    int64_t size = parameter(request, "size", value) ? atoll(value) : 0;
    if (count > 0 && size >= 8) know(count, size);
    if (strcmp(request->path, "/bench/images")) count = 0;
    for (int number = 0; number < count; number++) {
        snprintf(id, sizeof id, "%08lx-0000-4000-8000-%012x", (long)(size & 0xffffffff), number);
        snprintf(fields, sizeof fields, "{\"name\": \"bench-%d\", \"disk_format\": \"raw\", "
                 "\"container_format\": \"bare\", \"visibility\": \"private\"}", number);
        Record *record = records_add(&records, id, fields);
        record->number = number;
        record->size = size;
        record->sums = sums_of(size, number);
        record->status = "active";
    }
    requests = connections = bodies_most = 0;
    pthread_mutex_unlock(&lock);
    return answer(c, "204 No Content", "", "");
}

static int send_versions(Connection *c, const Request *request) {
    char text[512];
    snprintf(text, sizeof text, "{\"versions\": [{\"id\": \"v2.16\", \"status\": \"CURRENT\", "
             "\"links\": [{\"rel\": \"self\", \"href\": \"%s://%s/v2/\"}]}]}",
             c->ssl ? "https" : "http", request->host);
    return answer(c, "200 OK", "", text);
}

// What rclone asks of a WebDAV server beside PUT: whether a folder or file is there, and its size.
static int answer_webdav(Connection *c, Request *request) {
    if (take_body(c, request, NULL) < 0) return -1;
    if (strcmp(request->method, "PROPFIND")) return answer(c, "201 Created", "", "");
    char text[4096], kind[128] = "<d:resourcetype><d:collection/></d:resourcetype>";
    if (!strncmp(request->path, "/dav/", 5) && request->path[5]) {
        pthread_mutex_lock(&lock);
        Record *record = records_find(&records, request->path + 5);
        int64_t size = record ? record->size : -1;
        pthread_mutex_unlock(&lock);
        if (size < 0) return answer(c, "404 Not Found", "", "");
        snprintf(kind, sizeof kind, "<d:resourcetype/><d:getcontentlength>%ld</d:getcontentlength>",
                 size);
    }
    snprintf(text, sizeof text, "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\">"
             "<d:response><d:href>%s</d:href><d:propstat><d:prop>%s</d:prop>"
             "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>",
             request->path, kind);
    return answer(c, "207 Multi-Status", "", text);
}

static int answer_image(Connection *c, Request *request, char *id, const char *part) {
    const char *method = request->method;
    if (!strcmp(method, "PUT") && !strcmp(part, "file")) return receive_data(c, request, id, 0);
    char *body = read_body(c, request);
    if (!body) return -1;
    pthread_mutex_lock(&lock);
    Record *record = records_find(&records, id);
    if (record && !strcmp(method, "PATCH")) record_patch(record, body);
    free(body);
    if (record && !*part && (!strcmp(method, "GET") || !strcmp(method, "PATCH")))
        return send_record(c, "200 OK", record, "");
    if (record && !strcmp(method, "DELETE")) records_remove(record);
    int64_t size = record ? record->size : -1, number = record ? record->number : 0;
    pthread_mutex_unlock(&lock);
    if (!record) return answer(c, "404 Not Found", "", "{}");
    if (!strcmp(method, "DELETE")) return answer(c, "204 No Content", "", "");
    if (!strcmp(part, "file")) return send_data(c, request, size, number);
    if (!strcmp(part, "members")) return answer(c, "200 OK", "", "{\"members\": []}");
    if (!strcmp(part, "tasks")) return answer(c, "200 OK", "", "{\"tasks\": []}");
    return answer(c, "404 Not Found", "", "{}");
}

static int respond(Connection *c, Request *request) {
    char id[64] = "", part[64] = "";
    const char *path = request->path;
    if (!strncmp(path, "/bench/", 7)) return control(c, request);
    if (!c->is_counted) connections++;
    c->is_counted = 1;
    requests++;
    if (!strncmp(path, "/dav", 4))
        return strcmp(request->method, "PUT") ? answer_webdav(c, request)
                                              : receive_data(c, request, path + 5, 1);
    if (sscanf(path, "/v2/images/%63[^/]/%63s", id, part) >= 1)
        return answer_image(c, request, id, part);
    if (!strcmp(path, "/v2/images"))
        return strcmp(request->method, "POST") ? send_list(c, request) : create(c, request);
    if (take_body(c, request, NULL) < 0) return -1;
    if (!strcmp(path, "/") || !strcmp(path, "/versions") || !strcmp(path, "/v2") ||
        !strcmp(path, "/v2/"))
        return send_versions(c, request);
    if (!strcmp(path, "/v2/info/import"))
        return answer(c, "200 OK", "", "{\"import-methods\": {\"description\": \"\", \"type\": "
                      "\"array\", \"value\": []}}");
    return answer(c, "404 Not Found", "", "{}");
}

static void *serve(void *given) {
    Connection *c = given;
    int yes = 1;
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    Request request;
    if (!c->ssl || SSL_accept(c->ssl) == 1)
        while (!read_request(c, &request) && !respond(c, &request) && request.is_kept_open) {}
    if (c->ssl) SSL_free(c->ssl);
    close(c->socket);
    free(c);
    return NULL;
}

static void *listen_on(void *given) {
    int port = *(int *)given, is_tls = port < 0, yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(abs(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        fprintf(stderr, "port %d: %s\n", abs(port), strerror(errno));
        exit(1);
    }
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 << 10);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    for (;;) {
        int socket = accept(listener, NULL, NULL);
        if (socket < 0) continue;
        Connection *c = calloc(1, sizeof *c);
        c->socket = socket;
        if (is_tls) {
            c->ssl = SSL_new(tls);
            SSL_set_fd(c->ssl, socket);
        }
        pthread_t thread;
        if (pthread_create(&thread, &small, serve, c)) {
            close(socket);
            free(c);
        }
    }
}

int main(int count, char **words) {
    if (count != 2 && count != 5) {
        fprintf(stderr, "usage: bench-service PORT [TLS_PORT CERTIFICATE KEY]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // It must not outlive the benchmark.
    block_file = memfd_create("image data", 0);
    if (block_file < 0 || ftruncate(block_file, block_size)) return 1;
    block = mmap(NULL, block_size, PROT_READ | PROT_WRITE, MAP_SHARED, block_file, 0);
    if (block == MAP_FAILED) return 1;
    uint64_t state = 88172645463325252u;  // xorshift64: the same data in every process
    for (int i = 0; i < block_size; i += 8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        memcpy(block + i, &state, 8);
    }
    records_reset(&records);
    int port = atoi(words[1]), tls_port;
    pthread_t thread;
    if (count == 5) {
        tls = SSL_CTX_new(TLS_server_method());
        if (SSL_CTX_use_certificate_file(tls, words[3], SSL_FILETYPE_PEM) != 1 ||
            SSL_CTX_use_PrivateKey_file(tls, words[4], SSL_FILETYPE_PEM) != 1) {
            fprintf(stderr, "cannot use %s and %s\n", words[3], words[4]);
            return 1;
        }
        tls_port = -atoi(words[2]);
        pthread_create(&thread, NULL, listen_on, &tls_port);
    }
    listen_on(&port);
}
