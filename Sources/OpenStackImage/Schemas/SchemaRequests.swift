// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// Requests on `/v2/schemas`.
enum SchemaRequests {
    static func show(_ name: String) -> ServiceRequest {
        ServiceRequest(.get, "/v2/schemas/\(percentEncode(name))")
    }

    static func showMetadef(_ name: String) -> ServiceRequest {
        ServiceRequest(.get, "/v2/schemas/metadefs/\(percentEncode(name))")
    }
}
