// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Finds the image with this id, or the only image with this name.
    ///
    /// Hidden images with this name count only if there is no other: operators hide old versions to
    /// make room for a new one. Takes one to three requests.
    ///
    /// - Throws: ``TranshipError/Code/notFound``; ``TranshipError/Code/ambiguous`` with the ids of
    ///   all images with this name.
    public func find(_ nameOrID: String) async throws(TranshipError) -> Image {
        if let image = try await findIfPresent(nameOrID) { return image }
        throw TranshipError(
            .notFound, "there is no image \"\(nameOrID)\" on cloud \"\(session.cloudName)\"",
            hint: nameOrID.contains(where: { "*?".contains($0) })
                ? "an image is named by its whole name or its id, and not by a glob"
                : "use the id for community images of other projects and for images not accepted yet"
        )
    }

    /// Works as ``find(_:)``, but returns nil if there is no such image.
    public func findIfPresent(_ nameOrID: String) async throws(TranshipError) -> Image? {
        guard !nameOrID.isEmpty else {
            throw TranshipError(.usage, "an image to find needs a name or an id")
        }
        if let image = try await imageIfPresent(nameOrID) { return image }
        for isHidden in [nil, true] {
            // Some databases ignore case when they compare names.
            let named = try await images(ImageQuery(name: .one(nameOrID), isHidden: isHidden))
                .all().filter { $0.name == nameOrID }
            if named.count > 1 { throw Self.ambiguity(nameOrID, named.map(\.id)) }
            if let image = named.first { return image }
        }
        return nil
    }

    /// Works as ``image(_:)``, but returns nil if there is no such image, or if it is being
    /// deleted: for a moment, the service still shows such a record, as `deleted` or
    /// `pending_delete`.
    public func imageIfPresent(_ id: String) async throws(TranshipError) -> Image? {
        // Such a text may be a name, but it is not an id.
        guard !id.isDots else { return nil }
        let image: Image? = try await sendForRecordIfKnown(ImageRequests.show(id))
        guard let image, image.status != .deleted, image.status != .pendingDelete else {
            return nil
        }
        try image.expect(id)
        return image
    }

    static func ambiguity(_ name: String, _ ids: [String]) -> TranshipError {
        let shown = ids.prefix(20).joined(separator: ", ")
        let more = ids.count > 20 ? ", …" : ""
        return TranshipError(
            .ambiguous, "\(ids.count) images are named \"\(name)\": \(shown)\(more)",
            hint: "use the id of the right one")
    }
}
