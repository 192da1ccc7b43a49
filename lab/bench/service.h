// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0
//
// The records of a fast Image service: enough of API v2 for a copy, in memory.

#pragma once
#include <stdint.h>
#include <stdio.h>

typedef struct {
    int64_t size;
    char md5[33], sha512[129];
} Sums;

typedef struct {
    char id[37];
    char *members;  // what clients set, as the members of a JSON object
    const char *status;
    int64_t size;  // -1 until there is data
    int64_t number;  // of an image that the service made up
    const Sums *sums;  // NULL if they are not known
} Record;

// The records in the order of their creation; deleted ones have no members.
typedef struct {
    Record *all;
    int count, room;
    int *buckets, bucket_count;
} Records;

void records_reset(Records *records);
Record *records_find(Records *records, const char *id);
// `fields` is a JSON object of a client, or NULL. Returns NULL if the id is taken.
Record *records_add(Records *records, const char *id, const char *fields);
void records_remove(Record *record);

// Obeys an array of JSON patch operations. Returns -1 if it is not one.
int record_patch(Record *record, const char *operations);
// True if the value of a member is this JSON text.
int record_has(const Record *record, const char *key, const char *value);
// Copies a member's JSON text; an empty text if there is none.
void json_member(const char *object, const char *key, char *value, size_t room);

void record_write(const Record *record, FILE *to);
