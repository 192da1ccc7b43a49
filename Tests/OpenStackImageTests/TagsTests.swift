// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Tag requests")
struct TagRequestsTests {
    @Test("only tags that survive a URL are put into one")
    func fitsURL() {
        #expect(TagRequests.fitsURL("a b%c?d"))
        for tag in ["ä", "a/b", "", "a\nb"] { #expect(!TagRequests.fitsURL(tag)) }
        #expect(TagRequests.path("i", "a b%") == "/v2/images/i/tags/a%20b%25")
    }
}

@Suite("Tags at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceTagsTests {
    @Test(
        "every tag arrives as it was written",
        .proves(
            "sdk add_tag(image, tag)", "sdk remove_tag(image, tag)", "4j updateTag(imageId, tag)",
            "4j deleteTag(imageId, tag)"),
        arguments: ["plain", "two words", "per%cent", "a?b#c", "ümlaut", "大", "a/b"])
    func arrives(_ tag: String) async throws {
        try await Lab.withImage(NewImage(tags: ["kept"])) { service, image in
            try await service.addTag(image.id, tag)
            try await service.addTag(image.id, tag)
            #expect(try await Set(service.image(image.id).tags) == ["kept", tag])
            try await service.removeTag(image.id, tag)
            #expect(try await service.image(image.id).tags == ["kept"])
            try await service.removeTag(image.id, tag, missingIsFine: true)
            let error = await #expect(throws: TranshipError.self) {
                try await service.removeTag(image.id, tag)
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test("all tags are replaced at once")
    func replaced() async throws {
        try await Lab.withImage(NewImage(tags: ["old"])) { service, image in
            let changed = try await service.setTags(image.id, ["x", "ÿ"])
            #expect(Set(changed.tags) == ["x", "ÿ"])
        }
    }
}
