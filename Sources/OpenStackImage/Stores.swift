// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A store for image data (<https://docs.openstack.org/api-ref/image/v2/#list-stores>).
public struct ImageStore: ServiceRecord, Identifiable {
    public let record: [String: JSONValue]

    public init(record: [String: JSONValue]) { self.record = record }

    /// The id: the name in `stores` of an image and in `X-Image-Meta-Store`.
    public var id: String { idText }
    /// The description that the operator wrote.
    public var description: String? { record["description"]?.string }
    /// True if the store gets the data when a request names no store.
    public var isDefault: Bool { flag("default") }
    /// True if the store can be read but not written.
    public var isReadOnly: Bool { flag("read-only") }
    /// The type: `file`, `rbd`, `s3`, …; shown to admins only.
    public var type: String? { record["type"]?.string }
    /// The weight; shown to admins only.
    public var weight: Int64? { record["weight"]?.integer }
    /// The properties: chunk sizes, pools, thin provisioning. Shown to admins only.
    public var properties: [String: JSONValue] { record["properties"]?.object ?? [:] }

    /// Reads a flag. Some versions send the strings "true" and "True", others booleans.
    private func flag(_ key: String) -> Bool {
        record[key]?.bool ?? (record[key]?.string?.lowercased() == "true")
    }
}

extension ImageService {
    /// Returns the stores that can hold image data. Empty on a cloud with a single unnamed store,
    /// which answers 404.
    public func stores() async throws(TranshipError) -> [ImageStore] {
        ImageStore.list(try await sendForJSONIfKnown(.init(.get, "/v2/info/stores"))?["stores"])
    }

    /// Returns the stores with details for admins.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for other users, ``TranshipError/Code/notFound``
    ///   if there is only one store.
    public func storesDetail() async throws(TranshipError) -> [ImageStore] {
        ImageStore.list(try await sendForJSON(.init(.get, "/v2/info/stores/detail"))["stores"])
    }

    /// Deletes the data of an image from one of several stores. By default this needs an
    /// administrator.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for the last copy; unless `missingIsFine`,
    ///   ``TranshipError/Code/notFound`` if the store does not have the data.
    public func deleteCopy(
        _ imageID: String, inStore store: String, missingIsFine: Bool = false
    ) async throws(TranshipError) {
        try await sendDelete(
            "/v2/stores/\(percentEncode(store))/\(percentEncode(imageID))",
            missingIsFine: missingIsFine)
    }

    /// Returns the wanted stores that do not have the data of the image. `all` does not include
    /// read-only stores.
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
