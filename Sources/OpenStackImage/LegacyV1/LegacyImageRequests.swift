// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Requests on `/v1/images`
/// (<https://docs.openstack.org/api-ref/image/v1/#images>).
enum LegacyImageRequests {
    static let list = "/v1/images"
    static let detail = "/v1/images/detail"

    static func path(_ id: String) -> String { "\(list)/\(percentEncode(id))" }

    static func list(_ path: String, _ reference: LegacyPageReference) -> ServiceRequest {
        if let rawQuery = reference.rawQuery {
            return ServiceRequest(.get, path, rawQuery: rawQuery)
        }
        var query = reference.query
        if reference.isBackward { query.isAscending = !(query.isAscending ?? false) }
        return ServiceRequest(.get, path, query: query.items)
    }

    static func download(_ id: String) -> ServiceRequest {
        var request = ServiceRequest(.get, path(id))
        request.bodySizeField = LegacyImageHeaders.sizeField
        return request
    }

    static func create(
        _ fields: LegacyImageFields, from origin: LegacyImageOrigin? = nil
    ) throws(TranshipError) -> ServiceRequest {
        var headers = try LegacyImageHeaders.fields(fields)
        add(origin, to: &headers)
        return ServiceRequest(.post, list, headers: headers)
    }

    /// Returns the request for a change. By default the service removes every property that a
    /// request does not contain.
    static func update(
        _ id: String, _ fields: LegacyImageFields, from origin: LegacyImageOrigin? = nil,
        purgingProperties: Bool
    ) throws(TranshipError) -> ServiceRequest {
        var headers = try LegacyImageHeaders.fields(fields)
        headers.add("x-glance-registry-purge-props", purgingProperties ? "True" : "False")
        add(origin, to: &headers)
        return ServiceRequest(.put, path(id), headers: headers)
    }

    private static func add(_ origin: LegacyImageOrigin?, to headers: inout HTTPHeaders) {
        switch origin {
        case nil: break
        case .location(let url): headers.add("x-image-meta-location", url)
        case .copyFrom(let url): headers.add("x-glance-api-copy-from", url)
        }
    }
}
