// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import MigrationModel

@testable import OpenStackImage
@testable import SourceReaders

/// Bytes as an answer of the Image service, API v1: an image in header fields, or a list in JSON.
enum FuzzedLegacyAnswer {
    static func run(_ bytes: [UInt8]) {
        let answer = FuzzedAnswer(bytes).response
        if let image = LegacyImageHeaders.image(answer.headers) { use(image) }
        guard let json = try? JSONValue(body: answer.body, asked: "GET /v1/images") else { return }
        let reference = LegacyPageReference(query: LegacyImageQuery())
        if let page = try? LegacyPage<LegacyImage>(json: json, reference, asked: "GET /v1/images") {
            page.items.forEach(use)
            for other in [page.next, page.previous].compactMap({ $0 }) {
                _ = LegacyImageRequests.list("/v1/images", other)
            }
        }
        if let list = try? LegacyPage<LegacyImageSummary>(json: json, reference, asked: "") {
            for image in list.items { _ = (image.sizeBytes, image.checksum) }
        }
        for member in LegacyMember.list(json["members"]) { _ = (member.memberID, member.canShare) }
        _ = LegacySharedImage.list(json["shared_images"])
    }

    private static func use(_ image: LegacyImage) {
        _ = (image.virtualSizeBytes, image.isDeleted, image.deletedAt)
        _ = SourceImage(image, sourceIndex: 0).facts
    }
}
