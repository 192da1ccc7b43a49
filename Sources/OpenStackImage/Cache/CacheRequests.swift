// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// Requests on `/v2/cache` (API 2.14; clean and prune 2.18).
enum CacheRequests {
    static var show: ServiceRequest { ServiceRequest(.get, "/v2/cache") }

    static func queue(_ imageID: String) -> ServiceRequest {
        ServiceRequest(.put, path(imageID))
    }

    static func remove(_ imageID: String) -> ServiceRequest {
        ServiceRequest(.delete, path(imageID))
    }

    static func clear(_ target: CacheTarget) -> ServiceRequest {
        ServiceRequest(
            .delete, "/v2/cache",
            headers: target == .both ? [:] : ["x-image-cache-clear-target": target.rawValue])
    }

    static func nodes(_ imageID: String) -> ServiceRequest {
        ServiceRequest(.get, "/v2/cache/nodes/\(percentEncode(imageID))")
    }

    static var clean: ServiceRequest { ServiceRequest(.post, "/v2/cache/clean") }
    static var prune: ServiceRequest { ServiceRequest(.post, "/v2/cache/prune") }

    private static func path(_ imageID: String) -> String {
        "/v2/cache/\(percentEncode(imageID))"
    }
}
