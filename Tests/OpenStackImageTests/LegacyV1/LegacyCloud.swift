// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ByteStreams
import LabSupport
import OpenStackImage

extension LegacyCloud {
    static let raw = LegacyImageFields(diskFormat: "raw", containerFormat: "bare")

    /// Creates an image, with data if it is given, passes it to `body`, and always deletes it.
    func withImage(
        _ fields: LegacyImageFields = raw, data: [UInt8]? = nil,
        _ body: (LegacyImageService, LegacyImage) async throws -> Void
    ) async throws {
        let service = try service()
        var fields = fields
        fields.name = fields.name ?? Lab.uniqueName("v1")
        let image =
            if let data {
                try await service.create(
                    fields, from: try Lab.ring(data), sizeBytes: Int64(data.count))
            } else {
                try await service.create(fields)
            }
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(service, image))
        } catch {
            outcome = .failure(error)
        }
        if image.isProtected {
            _ = try await service.update(image.id, LegacyImageFields(isProtected: false))
        }
        try await service.delete(image.id, missingIsFine: true)
        try outcome.get()
    }
}

extension LegacyImageService {
    /// Returns the data of an image that fits into memory.
    func bytes(_ id: String) async throws -> [UInt8] {
        let ring = ByteRing(capacityBytes: 2 << 20)
        try await download(id, into: ring)
        return try Lab.bytes(ring)
    }
}
