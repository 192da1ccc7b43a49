// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// `POST /v2/images/{id}/import` and `GET /v2/info/import`.
enum ImportRequests {
    static func start(_ id: String, _ request: ImportRequest) -> ServiceRequest {
        var body: [String: JSONValue] = ["method": .object(method(request.method))]
        switch request.stores {
        case .standard: break
        case .named(let stores): body["stores"] = .array(stores.map(JSONValue.string))
        case .all: body["all_stores"] = true
        }
        if let must = request.allStoresMustSucceed { body["all_stores_must_succeed"] = .bool(must) }
        return ServiceRequest(.post, "\(ImageRequests.path(id))/import", json: .object(body))
    }

    static var info: ServiceRequest { ServiceRequest(.get, "/v2/info/import") }

    private static func method(_ method: ImportRequest.Method) -> [String: JSONValue] {
        var fields: [String: JSONValue] = ["name": .string(method.name)]
        switch method {
        case .glanceDirect, .copyImage: break
        case .webDownload(let uri): fields["uri"] = .string(uri.revealed)
        case .glanceDownload(let region, let imageID, let interface):
            fields["glance_region"] = .string(region)
            fields["glance_image_id"] = .string(imageID)
            if let interface {
                fields["glance_service_interface"] = .string(interface.rawValue)
            }
        }
        return fields
    }
}
