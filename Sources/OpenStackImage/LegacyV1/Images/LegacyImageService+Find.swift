// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension LegacyImageService {
    /// The image of that id, else the only one of that name, as
    /// ``ImageService/find(_:)``.
    ///
    /// - Throws: ``TranshipError/Code/notFound``, and
    ///   ``TranshipError/Code/ambiguous`` with the ids of all that have it.
    public func find(_ nameOrID: String) async throws(TranshipError) -> LegacyImage {
        do throws(TranshipError) {
            let image = try await image(nameOrID)
            // An administrator is shown what was deleted.
            if !image.isDeleted { return image }
        } catch  where error.code == .notFound {}
        // Glance 15 answers 500 to a name in a filter that is not ASCII.
        let isASCII = nameOrID.utf8.allSatisfy { $0 < 0x80 }
        // Administrators see private images of others only so; it is nothing to others.
        let query = LegacyImageQuery(name: isASCII ? nameOrID : nil, publicity: .any)
        let named = try await images(query).all().filter { $0.name == nameOrID }
        guard let image = named.first else {
            throw TranshipError(
                .notFound, "there is no image \"\(nameOrID)\" on cloud \"\(session.cloudName)\"")
        }
        guard named.count == 1 else { throw ImageService.ambiguity(nameOrID, named.map(\.id)) }
        return image
    }
}
