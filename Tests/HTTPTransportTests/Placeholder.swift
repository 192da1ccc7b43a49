// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0
