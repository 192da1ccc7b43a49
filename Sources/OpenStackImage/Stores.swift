// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A store for image data (<https://docs.openstack.org/api-ref/image/v2/#list-stores>).
public struct ImageStore: Sendable, Hashable, Identifiable {
    /// The name in `stores` of an image and in `X-Image-Meta-Store`.
    public let id: String
    /// The description that the operator wrote.
    public let description: String?
    /// Gets the data if a request names no store.
    public let isDefault: Bool
    /// Can be read and not written.
    public let isReadOnly: Bool
    /// `file`, `rbd`, `s3`, …; shown to admins only.
    public let type: String?
    /// Shown to admins only.
    public let weight: Int64?
    /// Shown to admins only: chunk sizes, pools, thin provisioning.
    public let properties: [String: JSONValue]
    /// The record as the service sent it.
    public let record: [String: JSONValue]
}

extension ImageService {
    /// The stores that can hold image data. Empty on a cloud with a single unnamed store, which
    /// answers 404.
    public func stores() async throws(TranshipError) -> [ImageStore] {
        ImageStore.list(try await sendForJSONIfKnown(StoreRequests.list) ?? [:])
    }

    /// The stores with details for admins.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for other users, ``TranshipError/Code/notFound``
    ///   if there is only one store.
    public func storesDetail() async throws(TranshipError) -> [ImageStore] {
        ImageStore.list(try await sendForJSON(StoreRequests.detail))
    }

    /// Deletes the data of an image from one of several stores. By default it takes an admin.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for the last copy; unless `missingIsFine`,
    ///   ``TranshipError/Code/notFound`` if the store does not have the data.
    public func deleteCopy(
        _ imageID: String, inStore store: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await send(
            StoreRequests.deleteCopy(imageID, store: store),
            expecting: missingIsFine ? [204, 404] : [204])
    }
}

extension ImageService {
    /// The wanted stores that do not have the data of the image. `all` does not include read-only
    /// stores.
    public func missing(
        _ wanted: ImportRequest.Stores, of image: Image
    ) async throws(TranshipError) -> [String] {
        switch wanted {
        case .standard: return []
        case .named(let names): return names.filter { !image.stores.contains($0) }
        case .all:
            return try await stores().filter { !$0.isReadOnly }.map(\.id).filter {
                !image.stores.contains($0)
            }
        }
    }
}

/// Requests on `/v2/info/stores` and `/v2/stores`.
enum StoreRequests {
    static var list: ServiceRequest { ServiceRequest(.get, "/v2/info/stores") }
    static var detail: ServiceRequest { ServiceRequest(.get, "/v2/info/stores/detail") }

    static func deleteCopy(_ imageID: String, store: String) -> ServiceRequest {
        ServiceRequest(
            .delete, "/v2/stores/\(percentEncode(store))/\(percentEncode(imageID))")
    }
}

extension ImageStore {
    /// Nil for a record without an id. Some versions send flags as the strings "true" and "True",
    /// others as booleans.
    init?(json: JSONValue) {
        guard let record = json.object, let id = record["id"]?.string else { return nil }
        func flag(_ key: String) -> Bool {
            record[key]?.bool ?? (record[key]?.string?.lowercased() == "true")
        }
        self.id = id
        self.record = record
        description = record["description"]?.string
        isDefault = flag("default")
        isReadOnly = flag("read-only")
        type = record["type"]?.string
        weight = record["weight"]?.integer
        properties = record["properties"]?.object ?? [:]
    }

    static func list(_ json: JSONValue) -> [ImageStore] {
        (json["stores"]?.array ?? []).compactMap(ImageStore.init(json:))
    }
}
