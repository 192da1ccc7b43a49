// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

// zlib's init functions are macros. In the first two functions, a stream lives for one call.

#pragma once
#include <stdint.h>
#include <string.h>
#include <zlib.h>

/// The smallest window, as a power of 2, from whose end a byte sees all `count` before it: a row
/// needs a few kilobytes of memory, and not the quarter of a megabyte for streams of any length.
static inline int tranship_window(unsigned long count)
{
    int bits = 9;
    while (bits < MAX_WBITS && 1ul << bits < count + 262) bits++;
    return bits;
}

/// The compressed length in bytes; -1 where it does not fit or memory is short.
static inline long tranship_deflate(
    const void *input, unsigned count, const void *words, unsigned wordCount, void *output,
    unsigned capacity)
{
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    int window = tranship_window((unsigned long)count + wordCount);
    int memory = window > 13 ? MAX_MEM_LEVEL - 1 : 5;
    if (deflateInit2(
            &stream, Z_BEST_COMPRESSION, Z_DEFLATED, window, memory, Z_DEFAULT_STRATEGY) != Z_OK)
        return -1;
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
    // With the window that the stream was made with.
    if (inflateInit2(&stream, 0) != Z_OK) return 0;
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
