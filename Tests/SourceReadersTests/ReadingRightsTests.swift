// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import MigrationPipeline
import Testing

@testable import SourceReaders

/// A cloud that hides the images of other projects does not refuse a listing of all images.
@Suite(.timeLimit(.minutes(5))) struct ReadingRightsTests {
    /// What one entry lists and misses.
    private struct Found {
        var names: [String]
        var missed: [MissedSelection]
    }

    /// - Parameters:
    ///   - isAdmin: true if the token has the role of an administrator.
    ///   - seesAll: true if the service shows the images of all projects.
    private func found(
        _ conditions: String, isAdmin: Bool = false, seesAll: Bool = false, maps: Bool = true
    ) async throws -> Found {
        let listed = try await TwoProjectCloud(seesAll: seesAll)
            .list(conditions, isAdmin: isAdmin, hasProjects: maps)
        return Found(
            names: listed.images.map(\.image.displayName).sorted(), missed: listed.missed)
    }

    @Test(arguments: ["owner: any", "owner: other", "owner: any, name: own"])
    func `Images of other projects are missed without the right to list them`(
        conditions: String
    ) async throws {
        let found = try await found(conditions)
        #expect(!found.names.contains("hers"))
        let missed = try #require(found.missed.first)
        #expect(found.missed.count == 1)
        #expect(missed.words.contains("cloud alpha lists no private image of another project"))
        #expect(missed.words.contains("its user is not an administrator"))
        #expect(missed.wayOut?.hasPrefix("use an administrator's entry, or `projects`") == true)
    }

    @Test(
        arguments: [
            ("owner: any", true, true, true), ("owner: any", true, false, true),
            // A cloud may let other roles list all images.
            ("owner: any", false, true, true), ("owner: any, name: own", false, true, true),
            ("owner: any", false, false, false), ("hidden: false", false, false, true),
            ("owner: any, visibility: [public, community]", false, false, true),
        ])
    func `Nothing is missed by those who see all, or by an entry that asks for what all users see`(
        conditions: String, isAdmin: Bool, seesAll: Bool, maps: Bool
    ) async throws {
        let found = try await found(conditions, isAdmin: isAdmin, seesAll: seesAll, maps: maps)
        #expect(found.missed.isEmpty, "\(found.missed.map(\.words))")
        #expect(!found.names.isEmpty)
    }
}
