// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import TestSupport
import Testing

@testable import OpenStackImage

@Suite("Finding images at a real Glance", .enabled(if: Lab.isUp), .atLab)
struct ImageServiceFindTests {
    @Test(
        "an image is found by its id and by its name, hidden or not",
        .proves("sdk find_image(name_or_id)", "sdk get_image(image)", "4j get(imageId)"))
    func found() async throws {
        let name = Lab.uniqueName("find: me, \"you\"")
        try await Lab.withImage(NewImage(name: name)) { service, image in
            #expect(try await service.find(image.id).id == image.id)
            #expect(try await service.find(name).id == image.id)
            try await service.hide(image.id)
            #expect(try await service.find(name).isHidden == true)
        }
    }

    @Test("what is nowhere is not found, or nil", .proves("sdk find_image(ignore_missing)"))
    func missing() async throws {
        let service = try Lab.service()
        let name = Lab.uniqueName("absent")
        #expect(try await service.findIfPresent(name) == nil)
        #expect(try await service.imageIfPresent(name) == nil)
        let error = await #expect(throws: TranshipError.self) { try await service.find(name) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains(name) == true)
        let nothing = await #expect(throws: TranshipError.self) { try await service.find("") }
        #expect(nothing?.code == .usage)
    }

    @Test("several of one name are an error that lists their ids; a hidden one gives way")
    func ambiguous() async throws {
        let name = Lab.uniqueName("twin")
        try await Lab.withImage(NewImage(name: name)) { service, one in
            try await Lab.withImage(NewImage(name: name)) { _, other in
                let error = await #expect(throws: TranshipError.self) {
                    try await service.find(name)
                }
                #expect(error?.code == .ambiguous)
                #expect(error?.message.contains(one.id) == true)
                #expect(error?.message.contains(other.id) == true)
                try await service.hide(one.id)
                #expect(try await service.find(name).id == other.id)
            }
        }
    }
}
