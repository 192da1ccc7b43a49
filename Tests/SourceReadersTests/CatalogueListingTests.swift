// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import MigrationPipeline
import Testing

@testable import SourceReaders

/// The listing of one of several projects, each with a token of its own: another project may have
/// what this one lacks.
@Suite(.timeLimit(.minutes(5))) struct CatalogueListingTests {
    private let cloud: TwoProjectCloud

    init() throws {
        cloud = try TwoProjectCloud()
    }

    private func listed(
        _ conditions: String, hasProjects: Bool = true
    ) async throws -> (images: [ListedImage], missed: [MissedSelection]) {
        try await cloud.list(conditions, hasProjects: hasProjects)
    }

    @Test func `An id that this project lacks is missed once, and not refused`() async throws {
        let found = try await listed("id: [own, hers, all, hers]")
        #expect(found.images.map(\.image.imageID) == ["own"])
        #expect(found.images.allSatisfy { $0.refusal == nil })
        #expect(found.missed.map(\.name) == ["hers", "all"])
        #expect(found.missed.allSatisfy { $0.isOfOneProject && $0.isByID && $0.wayOut != nil })
        #expect(found.missed.first?.words.contains("there is no image hers at alpha") == true)
        #expect(found.missed.last?.words.contains("its owner is other") == true)
    }

    @Test func `The only source refuses an id that it lacks`() async throws {
        let found = try await listed("id: [own, hers]", hasProjects: false)
        #expect(found.images.map { $0.refusal == nil } == [true, false])
        #expect(found.missed.isEmpty)
    }

    @Test func `An id whose image is not active is missed for certain`() async throws {
        cloud.glance.put("own", ["status": "deactivated"])
        let found = try await listed("id: own")
        #expect(found.images.isEmpty)
        #expect(found.missed.map(\.isOfOneProject) == [false])
    }

    @Test(arguments: [true, false])
    func `A name that this project lacks is missed in this project`(hasProjects: Bool)
        async throws
    {
        let found = try await listed("name: [own, none, none]", hasProjects: hasProjects)
        #expect(found.images.map(\.image.imageID) == ["own"])
        #expect(found.missed.map(\.name) == ["none"])
        #expect(found.missed.map(\.isOfOneProject) == [hasProjects])
    }
}
