// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1 as a server reads and writes it, on blocking sockets, with TLS or without.

#pragma once
#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

enum {
    input_size = 16 << 10,
    body_room = 1 << 20,  // of requests that are not image data
};

typedef struct {
    int socket;
    SSL *ssl;
    char input[input_size + 1];
    int from, to;
    int is_counted;
} Connection;

typedef struct {
    char method[16], path[2048], query[2048], host[256], range[128];
    int64_t length;
    int is_chunked, is_kept_open;
} Request;

// Where the first bytes of a body go.
typedef struct {
    char *bytes;
    size_t count, room;
} Kept;

int send_all(Connection *c, const char *bytes, size_t count);
// Returns -1 if the connection ends first.
int read_request(Connection *c, Request *request);
// Reads a body to its end; `kept` may be NULL. Returns its size, or -1.
int64_t take_body(Connection *c, const Request *request, Kept *kept);
// The body of a request that is not image data, to be freed; NULL if the connection ends first.
char *read_body(Connection *c, const Request *request);
// Copies a value of the query, of at most 255 bytes; NULL if there is none.
const char *parameter(const Request *request, const char *name, char *value);
int answer(Connection *c, const char *status, const char *headers, const char *body);
