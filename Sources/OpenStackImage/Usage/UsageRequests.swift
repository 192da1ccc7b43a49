// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// `GET /v2/info/usage`.
enum UsageRequests {
    static var show: ServiceRequest { ServiceRequest(.get, "/v2/info/usage") }
}
