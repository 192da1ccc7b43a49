// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import MigrationModel

extension ImageService {
    /// The image of that id or, when there is none, of that name, hidden ones
    /// included. Community images of others are found by id only: nobody may
    /// make a name of ours ambiguous.
    ///
    /// - Throws: ``MigrationError/Code/notFound``, and
    ///   ``MigrationError/Code/ambiguous`` with the ids when several have the
    ///   name: nobody can tell which of them is meant.
    public func find(_ idOrName: String) async throws(MigrationError) -> Image {
        if let image = try await image(ifThere: idOrName) { return image }
        var found: [Image] = []
        for isHidden in [false, true] {
            let query = ImageQuery(
                name: .one(idOrName), isHidden: isHidden, pageLimit: 100)
            found += try await images(query).all()
        }
        guard let image = found.first else {
            throw MigrationError(
                .notFound,
                "cloud \"\(session.cloudName)\" has no image of the name or id \"\(idOrName)\"")
        }
        guard found.count == 1 else {
            throw MigrationError(
                .ambiguous,
                "\(found.count) images have the name \"\(idOrName)\": "
                    + found.map(\.id).sorted().joined(separator: ", "),
                hint: "name one of them by its id")
        }
        return image
    }

    private func image(ifThere id: String) async throws(MigrationError) -> Image? {
        // The service takes nothing but a UUID for an id.
        guard id.utf8.count == 36, !id.contains("/") else { return nil }
        guard let json = try await sendForJSONIfKnown(ImageRequests.show(id)) else { return nil }
        return try Image(json: json)
    }
}
