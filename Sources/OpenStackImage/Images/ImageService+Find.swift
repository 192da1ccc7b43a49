// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// The image of that id, else the only one of that name.
    ///
    /// Among images of that name, hidden ones count only where there is no
    /// other: hiding is how older versions make room for a new one. Takes one
    /// to three requests.
    ///
    /// - Throws: ``TranshipError/Code/notFound``, and
    ///   ``TranshipError/Code/ambiguous`` with the ids of all that have it.
    public func find(_ nameOrID: String) async throws(TranshipError) -> Image {
        if let image = try await findIfPresent(nameOrID) { return image }
        throw TranshipError(
            .notFound, "there is no image \"\(nameOrID)\" on cloud \"\(session.cloudName)\"",
            hint: "community images of others and those not yet accepted are found by id only")
    }

    /// As ``find(_:)``, but nil where there is none.
    public func findIfPresent(_ nameOrID: String) async throws(TranshipError) -> Image? {
        guard !nameOrID.isEmpty else {
            throw TranshipError(.usage, "an image to find needs a name or an id")
        }
        if let image = try await imageIfPresent(nameOrID) { return image }
        for isHidden in [nil, true] {
            // Some databases compare names without regard to case.
            let named = try await images(ImageQuery(name: .one(nameOrID), isHidden: isHidden))
                .all().filter { $0.name == nameOrID }
            if named.count > 1 { throw Self.ambiguity(nameOrID, named.map(\.id)) }
            if let image = named.first { return image }
        }
        return nil
    }

    /// As ``image(_:)``, but nil where there is none.
    public func imageIfPresent(_ id: String) async throws(TranshipError) -> Image? {
        do throws(TranshipError) {
            return try await image(id)
        } catch  where error.code == .notFound {
            return nil
        }
    }

    static func ambiguity(_ name: String, _ ids: [String]) -> TranshipError {
        let shown = ids.prefix(20).joined(separator: ", ")
        let more = ids.count > 20 ? ", …" : ""
        return TranshipError(
            .ambiguous, "\(ids.count) images are named \"\(name)\": \(shown)\(more)",
            hint: "name the one that is meant by its id")
    }
}
