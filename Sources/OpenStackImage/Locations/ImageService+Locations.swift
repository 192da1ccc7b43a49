// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Where an image's data lies. For other services and admins only by
    /// default. API 2.17.
    public func locations(of imageID: String) async throws(TranshipError) -> [ImageLocation] {
        let request = LocationRequests.list(imageID)
        return try ImageLocation.list(try await sendForJSON(request), asked: request.asked)
    }

    /// Makes data that lies at a URL already the data of a `queued` image. It
    /// has only been accepted: the service reads and hashes it, and the image
    /// becomes active, or comes back to `queued` where it does not hash to
    /// what was promised; see ``waitForImport(of:until:pace:)``. API 2.17.
    ///
    /// - Throws: ``TranshipError/Code/conflict`` for an image that is not
    ///   queued, ``TranshipError/Code/forbidden`` for users of a cloud
    ///   without an `http` store, ``TranshipError/Code/badRequest`` for a URL
    ///   that this cloud does not read.
    public func addLocation(
        _ imageID: String, url: Secret<String>, promising checksum: Checksum? = nil
    ) async throws(TranshipError) {
        try await send(
            LocationRequests.add(imageID, url: url, promising: checksum),
            // The reference says 200, the service 202.
            expecting: [200, 202])
    }

    /// Adds a location the older way. Only on services that show locations
    /// (`show_multiple_locations`); the others answer 403.
    @discardableResult
    public func patchInLocation(
        _ imageID: String, _ location: ImageLocation
    ) async throws(TranshipError) -> Image {
        try await update(imageID, [LocationRequests.append(location)])
    }

    /// Replaces all locations the older way.
    @discardableResult
    public func patchLocations(
        _ imageID: String, _ locations: [ImageLocation]
    ) async throws(TranshipError) -> Image {
        try await update(imageID, [LocationRequests.replace(locations)])
    }

    /// Removes a location, counted from 0, the older way.
    @discardableResult
    public func patchOutLocation(
        _ imageID: String, at index: Int
    ) async throws(TranshipError) -> Image {
        try await update(imageID, [LocationRequests.remove(at: index)])
    }
}
