// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

/// The errors that a program's user reads when data cannot be read or written: each cause has words
/// of its own, with the values and the next step.
@Suite("Errors of image data at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct DataErrorsTests {
    private let ten = Array("0123456789".utf8)

    private func expect(
        _ code: TranshipError.Code, _ message: String, _ hint: String?,
        _ body: () async throws -> Void
    ) async {
        do {
            try await body()
            Issue.record("no error, but expected: \(message)")
        } catch {
            let error = error as? TranshipError
            #expect(error?.code == code)
            #expect(error?.message == message)
            #expect(error?.hint == hint)
        }
    }

    @Test("a wrong checksum")
    func checksum() async throws {
        let wrong = try Checksum(.md5, String(repeating: "0", count: 32))
        try await Lab.withImage { service, image in
            await expect(
                .checksumMismatch,
                "memory hashes to md5:781e5e245d69b566979b86e28d23f2c7, but \(wrong) was promised",
                "get the data again, or correct the checksum; the wrong data was not stored"
            ) {
                try await service.upload(
                    image.id, from: .bytes(ten), DataPromises(expected: [wrong]))
            }
        }
    }

    @Test("a body that breaks off, on its way in and on its way out")
    func truncated() async throws {
        let ten = ten
        try await Lab.withImage { service, image in
            let pieces = AsyncStream<[UInt8]> { pieces in
                pieces.yield(ten)
                pieces.finish()
            }
            let root = try await service.session.authenticate().imageEndpoint
            await expect(
                .sourceTruncated,
                "PUT \(root)/v2/images/\(image.id)/file: the body ended early: 10 of 11 bytes were there to send",
                nil
            ) {
                try await service.upload(image.id, from: .stream(pieces, sizeBytes: 11))
            }
        }
        let cloud = try FaultyCloud { request, _ in
            request.path.hasSuffix("/file")
                ? .lying(declaredBytes: 11, body: ten)
                : .status(200, text: #"{"id":"i","status":"active","size":11}"#)
        }
        await expect(
            .sourceTruncated,
            "GET \(cloud.server.url)/v2/images/i/file: the body ended early: 10 of 11 bytes came",
            "ask the operator of the server if that happens again, or use another mirror"
        ) {
            try await cloud.service.download("i", DownloadOptions(proof: .none)) { _ in }
        }
    }

    @Test("a deactivated image")
    func deactivated() async throws {
        try await Lab.withActiveImage { service, image in
            try await service.deactivate(image.id)
            await expect(
                .forbidden,
                "Glance answered 403: The requested image has been deactivated. Image data download is forbidden. (GET /v2/images/\(image.id)/file)",
                "reactivate the image first: only administrators may read the data of a deactivated one"
            ) {
                try await service.download(image.id) { _ in }
            }
        }
    }

    @Test("a foreign image: one that is not seen, and one that is")
    func foreign() async throws {
        let other = try Lab.service("alpha-other")
        try await Lab.withActiveImage(
            ten, NewImage(diskFormat: "raw", containerFormat: "bare", visibility: .private)
        ) { service, image in
            await expect(
                .notFound,
                "Glance answered 404: No image found with ID \(image.id) (GET /v2/images/\(image.id))",
                "no image has this id, or this project may not see it: `tranship image list "
                    + "--cloud alpha-other` shows those that it sees"
            ) {
                try await other.download(image.id) { _ in }
            }
            try await service.setVisibility(image.id, .community)
            await expect(
                .forbidden,
                "Glance answered 403: You are not authorized to complete delete_image action. (DELETE /v2/images/\(image.id))",
                "by default, that takes the role member in the project of the image: "
                    + "`tranship doctor alpha-other` shows the roles and the project of this user"
            ) {
                try await other.delete(image.id)
            }
        }
    }

    @Test("a protected image")
    func protected() async throws {
        try await Lab.withImage { service, image in
            try await service.protect(image.id)
            await expect(
                .forbidden,
                "Glance answered 403: Image \(image.id) is protected and cannot be deleted. (DELETE /v2/images/\(image.id))",
                "unprotect the image first"
            ) {
                try await service.delete(image.id)
            }
            try await service.unprotect(image.id)
        }
    }

    @Test("a second upload")
    func second() async throws {
        try await Lab.withActiveImage { service, image in
            await expect(
                .conflict,
                "Glance answered 409: Image status transition from active to saving is not allowed (PUT /v2/images/\(image.id)/file)",
                "an image takes data only once, while it is queued: create another image"
            ) {
                try await service.upload(image.id, from: .bytes(ten))
            }
        }
    }
}
