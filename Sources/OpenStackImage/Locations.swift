// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import HTTPTransport

/// A place where a store keeps the data of an image
/// (<https://docs.openstack.org/api-ref/image/v2/#locations>).
public struct ImageLocation: Sendable, Hashable {
    /// The URL. It may contain credentials of the store, so it is never printed.
    public let url: Secret<String>
    /// The id of the store, if the service reports it.
    public var store: String? { metadata["store"]?.string }
    /// The metadata as the service sent it.
    public let metadata: [String: JSONValue]

    /// - Parameter metadata: its key `store` names the store.
    public init(
        url: Secret<String>, metadata: [String: JSONValue] = [:]
    ) {
        self.url = url
        self.metadata = metadata
    }
}

extension ImageService {
    /// Returns the places where the data of an image is stored. By default only for other services
    /// and admins. API 2.17.
    public func locations(of imageID: String) async throws(TranshipError) -> [ImageLocation] {
        let request = ServiceRequest(.get, LocationRequests.path(imageID))
        return try ImageLocation.list(try await sendForJSON(request), asked: request.asked)
    }

    /// Makes the data at a URL the data of a `queued` image. The service only accepts the request;
    /// later it reads and hashes the data. The image becomes active, or returns to `queued` if the
    /// checksum differs; see ``waitForImport(of:ignoring:pace:onLook:)``. API 2.17.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` for an image that is not queued,
    ///   ``TranshipError/Code/forbidden`` for users of a cloud without an `http` store,
    ///   ``TranshipError/Code/badRequest`` for a URL that this cloud does not read.
    public func addLocation(
        _ imageID: String, url: Secret<String>, promising checksum: Checksum? = nil
    ) async throws(TranshipError) {
        try await send(
            LocationRequests.add(imageID, url: url, promising: checksum),
            // The API reference says 200, the service answers 202.
            expecting: [200, 202])
    }

    /// Adds a location with a patch, the older way. Services that do not show locations
    /// (`show_multiple_locations`) answer 403.
    @discardableResult
    public func patchInLocation(
        _ imageID: String, _ location: ImageLocation
    ) async throws(TranshipError) -> Image {
        try await update(imageID, [LocationRequests.append(location)])
    }

    /// Replaces all locations with a patch, the older way.
    @discardableResult
    public func patchLocations(
        _ imageID: String, _ locations: [ImageLocation]
    ) async throws(TranshipError) -> Image {
        try await update(imageID, [LocationRequests.replace(locations)])
    }

    /// Removes the location with this index, counted from 0, with a patch, the older way.
    @discardableResult
    public func patchOutLocation(
        _ imageID: String, at index: Int
    ) async throws(TranshipError) -> Image {
        try await update(imageID, [LocationRequests.remove(at: index)])
    }
}

/// Requests on `/v2/images/{id}/locations` (API 2.17), and the patches that do the same the older
/// way.
enum LocationRequests {
    static func add(
        _ imageID: String, url: Secret<String>, promising checksum: Checksum?
    ) -> ServiceRequest {
        var body: [String: JSONValue] = ["url": .string(url.revealed)]
        if let checksum {
            body["validation_data"] = [
                "os_hash_algo": .string(checksum.algorithm.rawValue),
                "os_hash_value": .string(checksum.value),
            ]
        }
        return ServiceRequest(.post, path(imageID), json: .object(body))
    }

    static func append(_ location: ImageLocation) -> PatchOperation {
        PatchOperation(.add, pointer: "/locations/-", value: json(location))
    }

    static func replace(_ locations: [ImageLocation]) -> PatchOperation {
        PatchOperation(.replace, pointer: "/locations", value: .array(locations.map(json)))
    }

    static func remove(at index: Int) -> PatchOperation {
        PatchOperation(.remove, pointer: "/locations/\(index)")
    }

    static func path(_ imageID: String) -> String {
        "\(ImageRequests.path(imageID))/locations"
    }

    private static func json(_ location: ImageLocation) -> JSONValue {
        ["url": .string(location.url.revealed), "metadata": .object(location.metadata)]
    }
}

extension ImageLocation {
    /// Reads a list of locations. Skips those without a URL.
    ///
    /// - Throws: ``TranshipError/Code/invalidAnswer``.
    static func list(_ json: JSONValue, asked: String) throws(TranshipError) -> [ImageLocation] {
        guard let records = json.array else {
            throw TranshipError(
                .invalidAnswer, "the answer to \(asked) holds no list of locations")
        }
        return records.compactMap { record in
            guard let url = record["url"]?.string else { return nil }
            return ImageLocation(url: Secret(url), metadata: record["metadata"]?.object ?? [:])
        }
    }
}

extension Image {
    /// The locations in the record. Only services that show them (`show_multiple_locations`) send
    /// any.
    public var locations: [ImageLocation] {
        (try? ImageLocation.list(record["locations"] ?? [], asked: "")) ?? []
    }
}
