// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "http.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static long receive(Connection *c, char *into, size_t room) {
    return c->ssl ? SSL_read(c->ssl, into, room) : recv(c->socket, into, room, 0);
}

int send_all(Connection *c, const char *bytes, size_t count) {
    while (count > 0) {
        long sent = c->ssl ? SSL_write(c->ssl, bytes, count)
                           : send(c->socket, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0) return -1;
        bytes += sent;
        count -= sent;
    }
    return 0;
}

static int fill(Connection *c) {
    if (c->from > 0) {
        memmove(c->input, c->input + c->from, c->to - c->from);
        c->to -= c->from;
        c->from = 0;
    }
    if (c->to == input_size) return -1;
    long got = receive(c, c->input + c->to, input_size - c->to);
    if (got <= 0) return -1;
    c->to += got;
    c->input[c->to] = 0;
    return 0;
}

// A line without its end; NULL if the connection ends first.
static char *read_line(Connection *c) {
    for (;;) {
        char *start = c->input + c->from, *end = memchr(start, '\n', c->to - c->from);
        if (end) {
            c->from = end + 1 - c->input;
            if (end > start && end[-1] == '\r') end--;
            *end = 0;
            return start;
        }
        if (fill(c)) return NULL;
    }
}

static int take(Connection *c, int64_t count, Kept *kept) {
    static _Thread_local char scrap[64 << 10];
    while (count > 0) {
        long got = c->to - c->from, room = kept->room - kept->count;
        if (got > 0) {
            if (got > count) got = count;
            long part = got < room ? got : room;
            memcpy(kept->bytes + kept->count, c->input + c->from, part);
            kept->count += part;
            c->from += got;
        } else if (room > 0) {
            if (fill(c)) return -1;
            continue;
        } else if (c->ssl) {
            got = SSL_read(c->ssl, scrap, count < (long)sizeof scrap ? count : (long)sizeof scrap);
        } else {  // The kernel drops the bytes without a copy (tcp(7)).
            got = recv(c->socket, NULL, count < (4 << 20) ? count : (4 << 20), MSG_TRUNC);
        }
        if (got <= 0) return -1;
        count -= got;
    }
    return 0;
}

int64_t take_body(Connection *c, const Request *request, Kept *kept) {
    Kept nothing = {0};
    if (!kept) kept = &nothing;
    if (!request->is_chunked) return take(c, request->length, kept) ? -1 : request->length;
    for (int64_t size = 0;;) {
        char *line = read_line(c);
        if (!line) return -1;
        int64_t chunk = strtoll(line, NULL, 16);
        if (chunk < 0 || take(c, chunk, kept) || !read_line(c)) return -1;
        if (chunk == 0) return size;
        size += chunk;
    }
}

char *read_body(Connection *c, const Request *request) {
    Kept kept = {malloc(body_room + 1), 0, body_room};
    if (take_body(c, request, &kept) < 0) {
        free(kept.bytes);
        return NULL;
    }
    kept.bytes[kept.count] = 0;
    return kept.bytes;
}

int answer(Connection *c, const char *status, const char *headers, const char *body) {
    char *text;
    int length = asprintf(&text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s%s\r\n%s", status,
                          strlen(body), *body ? "Content-Type: application/json\r\n" : "", headers,
                          body);
    int result = send_all(c, text, length);
    free(text);
    return result;
}

int read_request(Connection *c, Request *request) {
    memset(request, 0, sizeof *request);
    char *line = read_line(c), target[2048];
    if (!line || sscanf(line, "%15s %2047s", request->method, target) != 2) return -1;
    request->is_kept_open = 1;
    char *query = strchr(target, '?');
    if (query) *query++ = 0;
    snprintf(request->path, sizeof request->path, "%s", target);
    snprintf(request->query, sizeof request->query, "%s", query ? query : "");
    int expects = 0;
    while ((line = read_line(c)) && *line) {
        char *value = strchr(line, ':');
        if (!value) continue;
        *value++ = 0;
        while (*value == ' ') value++;
        if (!strcasecmp(line, "Content-Length")) request->length = strtoll(value, NULL, 10);
        else if (!strcasecmp(line, "Transfer-Encoding")) request->is_chunked = 1;
        else if (!strcasecmp(line, "Host")) snprintf(request->host, 256, "%s", value);
        else if (!strcasecmp(line, "Range")) snprintf(request->range, 128, "%s", value);
        else if (!strcasecmp(line, "Connection"))
            request->is_kept_open = !strcasestr(value, "close");
        else if (!strcasecmp(line, "Expect")) expects = 1;
    }
    if (!line) return -1;
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    return expects ? send_all(c, go_on, sizeof go_on - 1) : 0;
}

const char *parameter(const Request *request, const char *name, char *value) {
    const char *at = request->query;
    size_t length = strlen(name);
    for (; at && *at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL)
        if (!strncmp(at, name, length) && at[length] == '=') {
            sscanf(at + length + 1, "%255[^&]", value);
            return value;
        }
    return NULL;
}
