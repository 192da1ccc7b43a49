// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

// zlib's init functions are macros. In the first two functions, a stream lives for one call.

#pragma once
#include <stdint.h>
#include <string.h>
#include <zlib.h>

/// The compressed length in bytes; -1 where it does not fit or memory is short.
static inline long tranship_deflate(
    const void *input, unsigned count, const void *words, unsigned wordCount, void *output,
    unsigned capacity)
{
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (deflateInit(&stream, Z_BEST_COMPRESSION) != Z_OK) return -1;
    long length = -1;
    if (deflateSetDictionary(&stream, (const Bytef *)words, wordCount) == Z_OK) {
        stream.next_in = (Bytef *)input;
        stream.avail_in = count;
        stream.next_out = (Bytef *)output;
        stream.avail_out = capacity;
        if (deflate(&stream, Z_FINISH) == Z_STREAM_END) length = (long)stream.total_out;
    }
    deflateEnd(&stream);
    return length;
}

/// True where the input is whole and fills exactly `length` bytes.
static inline int tranship_inflate(
    const void *input, unsigned count, const void *words, unsigned wordCount, void *output,
    unsigned length)
{
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit(&stream) != Z_OK) return 0;
    stream.next_in = (Bytef *)input;
    stream.avail_in = count;
    stream.next_out = (Bytef *)output;
    stream.avail_out = length;
    int result = inflate(&stream, Z_FINISH);
    if (result == Z_NEED_DICT
        && inflateSetDictionary(&stream, (const Bytef *)words, wordCount) == Z_OK)
        result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return result == Z_STREAM_END && stream.total_out == length;
}

/// Prepares a stream for gzip members (RFC 1952). Returns Z_OK or an error of zlib.
static inline int tranship_gunzip_begin(z_stream *stream)
{
    memset(stream, 0, sizeof *stream);
    return inflateInit2(stream, 16 + MAX_WBITS);
}
