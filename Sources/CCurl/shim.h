// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

// Swift cannot call variadic C functions, and curl_easy_setopt is one: here is
// a function for each class of argument (curl_easy_setopt(3)).

#pragma once
// Handles become distinct incomplete types, which Swift keeps apart.
#define CURL_STRICTER 1
#include <curl/curl.h>

static inline CURLcode ccurl_set_long(CURL *h, CURLoption o, long v) {
  return curl_easy_setopt(h, o, v);
}
static inline CURLcode ccurl_set_off(CURL *h, CURLoption o, curl_off_t v) {
  return curl_easy_setopt(h, o, v);
}
static inline CURLcode ccurl_set_string(CURL *h, CURLoption o, const char *v) {
  return curl_easy_setopt(h, o, v);
}
static inline CURLcode ccurl_set_pointer(CURL *h, CURLoption o, void *v) {
  return curl_easy_setopt(h, o, v);
}
static inline CURLcode ccurl_set_list(CURL *h, CURLoption o, struct curl_slist *v) {
  return curl_easy_setopt(h, o, v);
}
// Header, write and read callbacks have the same type.
static inline CURLcode ccurl_set_data(CURL *h, CURLoption o, curl_write_callback v) {
  return curl_easy_setopt(h, o, v);
}
static inline CURLcode ccurl_set_progress(CURL *h, curl_xferinfo_callback v) {
  return curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, v);
}
static inline CURLcode ccurl_set_open(CURL *h, curl_opensocket_callback v) {
  return curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, v);
}
static inline CURLcode ccurl_set_close(CURL *h, curl_closesocket_callback v) {
  return curl_easy_setopt(h, CURLOPT_CLOSESOCKETFUNCTION, v);
}
static inline CURLcode ccurl_get_long(CURL *h, CURLINFO i, long *v) {
  return curl_easy_getinfo(h, i, v);
}
static inline CURLcode ccurl_get_off(CURL *h, CURLINFO i, curl_off_t *v) {
  return curl_easy_getinfo(h, i, v);
}
// The SSL of the current connection where the backend is OpenSSL, else NULL.
static inline void *ccurl_get_openssl(CURL *h) {
  struct curl_tlssessioninfo *info = 0;
  if (curl_easy_getinfo(h, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || !info)
    return 0;
  return info->backend == CURLSSLBACKEND_OPENSSL ? info->internals : 0;
}
static inline CURLcode ccurl_get_string(CURL *h, CURLINFO i, char **v) {
  return curl_easy_getinfo(h, i, v);
}
// Which library does TLS, and its version, as libcurl says it; NULL without TLS.
static inline const char *ccurl_tls_library(void) {
  return curl_version_info(CURLVERSION_NOW)->ssl_version;
}
