// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import FoundationEssentials
import LabSupport
import OpenStackImage
import TestSupport
import Testing

/// The services of API v1 that every test of it runs against: a real Glance 15,
/// where there is one (`scripts/lab legacy up`), and the in-process one, which
/// the real one thereby proves.
enum LegacyCloud: String, CustomTestStringConvertible {
    case glance15 = "Glance 15"
    case inProcess = "in process"

    static let all: [LegacyCloud] = Lab.legacyURL == nil ? [.inProcess] : [.glance15, .inProcess]

    private static let server = Result { try LegacyImageServer() }

    var testDescription: String { rawValue }

    func url() throws -> String {
        switch self {
        case .glance15: try #require(Lab.legacyURL)
        case .inProcess: try Self.server.get().url
        }
    }

    func service() throws -> LegacyImageService {
        LegacyImageService(
            CloudSession(
                CloudConfiguration(
                    name: rawValue, authentication: .none, imageEndpointOverride: try url())))
    }

    static let raw = LegacyImageFields(diskFormat: "raw", containerFormat: "bare")

    /// Creates an image, with data where some is given, hands it to `body` and
    /// deletes it, whatever happens.
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
    /// The data of an image that fits into memory.
    func bytes(_ id: String) async throws -> [UInt8] {
        let ring = ByteRing(capacityBytes: 2 << 20)
        try await download(id, into: ring)
        return try Lab.bytes(ring)
    }
}
