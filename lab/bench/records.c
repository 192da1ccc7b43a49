// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "service.h"
#include <stdlib.h>
#include <string.h>

// MARK: JSON, as far as records need it

static const char *skip_blanks(const char *at) {
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') at++;
    return at;
}

static const char *end_of_string(const char *at) {
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1]) at++;
    return *at ? at + 1 : at;
}

static const char *end_of_value(const char *at) {
    int depth = 0;
    while (*at) {
        if (*at == '"') {
            at = end_of_string(at);
            if (depth == 0) return at;
            continue;
        }
        if (*at == '{' || *at == '[') depth++;
        if (*at == '}' || *at == ']') {
            if (depth == 0) return at;
            if (--depth == 0) return at + 1;
        }
        if (depth == 0 && *at == ',') return at;
        at++;
    }
    return at;
}

typedef struct {
    const char *key, *key_end, *value, *value_end;
} Member;

// Steps to the next member of an object; 0 at its end. `at` begins after the brace.
static int next_member(const char **at, Member *member) {
    const char *here = skip_blanks(*at);
    if (*here == ',') here = skip_blanks(here + 1);
    if (*here != '"') return 0;
    member->key = here + 1;
    here = end_of_string(here);
    member->key_end = here - 1;
    here = skip_blanks(here);
    if (*here != ':') return 0;
    member->value = skip_blanks(here + 1);
    member->value_end = end_of_value(member->value);
    *at = member->value_end;
    return 1;
}

static int find_member(const char *members, const char *key, size_t length, Member *member) {
    while (next_member(&members, member))
        if ((size_t)(member->key_end - member->key) == length && !memcmp(member->key, key, length))
            return 1;
    return 0;
}

// Sets a member, or removes it if there is no value.
static void set_member(
    char **members, const char *key, size_t key_length, const char *value, size_t length
) {
    char *changed;
    size_t size;
    FILE *to = open_memstream(&changed, &size);
    const char *at = *members;
    Member member;
    int count = 0;
    while (next_member(&at, &member)) {
        size_t named = member.key_end - member.key;
        if (named == key_length && !memcmp(member.key, key, named)) continue;
        fprintf(to, "%s\"%.*s\": %.*s", count++ ? ", " : "", (int)named, member.key,
                (int)(member.value_end - member.value), member.value);
    }
    if (value)
        fprintf(to, "%s\"%.*s\": %.*s", count ? ", " : "", (int)key_length, key, (int)length,
                value);
    fclose(to);
    free(*members);
    *members = changed;
}

void json_member(const char *object, const char *key, char *value, size_t room) {
    Member member;
    const char *brace = strchr(object, '{');
    value[0] = 0;
    if (!brace || !find_member(brace + 1, key, strlen(key), &member)) return;
    snprintf(value, room, "%.*s", (int)(member.value_end - member.value), member.value);
}

// MARK: Records

static unsigned hash_of(const char *id) {
    unsigned hash = 2166136261u;
    for (; *id; id++) hash = (hash ^ (unsigned char)*id) * 16777619u;
    return hash;
}

static void index_records(Records *records, int bucket_count) {
    free(records->buckets);
    records->bucket_count = bucket_count;
    records->buckets = calloc(bucket_count, sizeof(int));
    for (int index = 0; index < records->count; index++) {
        unsigned bucket = hash_of(records->all[index].id) % bucket_count;
        while (records->buckets[bucket]) bucket = (bucket + 1) % bucket_count;
        records->buckets[bucket] = index + 1;
    }
}

void records_reset(Records *records) {
    for (int index = 0; index < records->count; index++) free(records->all[index].members);
    records->count = 0;
    index_records(records, 1024);
}

Record *records_find(Records *records, const char *id) {
    unsigned bucket = hash_of(id) % records->bucket_count;
    for (; records->buckets[bucket]; bucket = (bucket + 1) % records->bucket_count) {
        Record *record = &records->all[records->buckets[bucket] - 1];
        if (record->members && !strcmp(record->id, id)) return record;
    }
    return NULL;
}

Record *records_add(Records *records, const char *id, const char *fields) {
    if (records_find(records, id)) return NULL;
    if (records->count == records->room) {
        records->room = records->room ? records->room * 2 : 1024;
        records->all = realloc(records->all, records->room * sizeof(Record));
    }
    Record *record = &records->all[records->count++];
    snprintf(record->id, sizeof record->id, "%s", id);
    record->status = "queued";
    record->size = -1;
    record->number = 0;
    record->sums = NULL;
    record->members = strdup(
        "\"name\": null, \"visibility\": \"shared\", \"protected\": false, \"os_hidden\": false, "
        "\"tags\": [], \"min_disk\": 0, \"min_ram\": 0, \"disk_format\": null, "
        "\"container_format\": null");
    const char *brace = fields ? strchr(fields, '{') : NULL;
    Member member;
    for (const char *at = brace ? brace + 1 : ""; next_member(&at, &member);)
        if (strncmp(member.key, "id\"", 3))
            set_member(&record->members, member.key, member.key_end - member.key, member.value,
                       member.value_end - member.value);
    if (records->count * 2 > records->bucket_count) {
        index_records(records, records->bucket_count * 2);
    } else {
        unsigned bucket = hash_of(id) % records->bucket_count;
        while (records->buckets[bucket]) bucket = (bucket + 1) % records->bucket_count;
        records->buckets[bucket] = records->count;
    }
    return record;
}

void records_remove(Record *record) {
    free(record->members);
    record->members = NULL;
}

int record_patch(Record *record, const char *operations) {
    const char *at = strchr(operations, '[');
    if (!at) return -1;
    for (at = skip_blanks(at + 1); *at == '{'; at = skip_blanks(*at == ',' ? at + 1 : at)) {
        Member op, path, value;
        if (!find_member(at + 1, "op", 2, &op) || !find_member(at + 1, "path", 4, &path)) return -1;
        int is_removal = !strncmp(op.value, "\"remove\"", 8);
        if (!is_removal && !find_member(at + 1, "value", 5, &value)) return -1;
        const char *key = path.value + 2;  // after the quote and the slash
        set_member(&record->members, key, path.value_end - 1 - key,
                   is_removal ? NULL : value.value,
                   is_removal ? 0 : value.value_end - value.value);
        at = skip_blanks(end_of_value(at));
    }
    return 0;
}

int record_has(const Record *record, const char *key, const char *value) {
    Member member;
    if (!find_member(record->members, key, strlen(key), &member)) return 0;
    size_t length = member.value_end - member.value;
    return length == strlen(value) && !memcmp(member.value, value, length);
}

void record_write(const Record *record, FILE *to) {
    const Sums *sums = record->sums;
    fprintf(to, "{%s, \"id\": \"%s\", \"status\": \"%s\", \"owner\": \"bench\", ",
            record->members, record->id, record->status);
    if (record->size >= 0) fprintf(to, "\"size\": %lld, ", (long long)record->size);
    else fputs("\"size\": null, ", to);
    if (sums)
        fprintf(to, "\"checksum\": \"%s\", \"os_hash_algo\": \"sha512\", "
                "\"os_hash_value\": \"%s\", \"stores\": \"fast\", ", sums->md5, sums->sha512);
    else fputs("\"checksum\": null, \"os_hash_algo\": null, \"os_hash_value\": null, ", to);
    fprintf(to, "\"virtual_size\": null, \"created_at\": \"2026-01-01T00:00:00Z\", "
            "\"updated_at\": \"2026-01-01T00:00:00Z\", \"self\": \"/v2/images/%s\", "
            "\"file\": \"/v2/images/%s/file\", \"schema\": \"/v2/schemas/image\"}",
            record->id, record->id);
}
