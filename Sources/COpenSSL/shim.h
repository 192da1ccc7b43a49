// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <openssl/evp.h>
#include <openssl/sha.h>
