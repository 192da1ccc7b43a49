// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Requests on the data of an image (<https://docs.openstack.org/api-ref/image/v2/#image-data>).
enum ImageDataRequests {
    /// Returns the request for an upload, which declares the size twice. The transport sends
    /// `Content-Length`. Since 2025.2 the service also reads the size from a header before it opens
    /// the store, so that RBD, Cinder and S3 stores do not grow in steps.
    static func upload(_ id: String, sizeBytes: Int64?, store: String?) -> ServiceRequest {
        var request = ServiceRequest(
            .put, "\(ImageRequests.path(id))/file", headers: headers(sizeBytes))
        if let store { request.headers["X-Image-Meta-Store"] = store }
        return request
    }

    static func stage(_ id: String, sizeBytes: Int64?) -> ServiceRequest {
        ServiceRequest(.put, "\(ImageRequests.path(id))/stage", headers: headers(sizeBytes))
    }

    static func download(
        _ id: String, _ span: ByteSpan?, preferring stores: [String] = []
    ) -> ServiceRequest {
        var request = ServiceRequest(.get, "\(ImageRequests.path(id))/file")
        if !stores.isEmpty {
            request.query = [.init("prefer", stores.joined(separator: ","))]
        }
        if let span { request.headers["Range"] = span.header }
        return request
    }

    private static func headers(_ sizeBytes: Int64?) -> HTTPHeaders {
        var headers: HTTPHeaders = ["Content-Type": "application/octet-stream"]
        if let sizeBytes { headers["x-openstack-image-size"] = String(sizeBytes) }
        return headers
    }
}

/// The check that the head of a download promises the requested bytes.
enum ImageDataDecoding {
    /// Returns the reason why the body must not be used; nil if there is none. (Services without
    /// the fix "range-header-request" answer 206 with the whole image if the store cannot seek.)
    static func objection(
        to head: HTTPResponse, asking span: ByteSpan?, asked: String
    ) -> TranshipError? {
        guard let span, let what = head.objection(toPart: span.agrees) else { return nil }
        return TranshipError(
            .rangeNotSatisfiable,
            "asked for \(span.words), Glance answered \(what) (\(asked))",
            hint: "read the image from the beginning: its store cannot start in the middle")
    }
}
