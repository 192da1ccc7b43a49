// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// Version discovery, which needs no token but takes one.
enum VersionRequests {
    static var list: ServiceRequest { ServiceRequest(.get, "/versions") }
    /// Answers 300 with the same body; the only form behind some proxies.
    static var root: ServiceRequest { ServiceRequest(.get, "/") }
}
