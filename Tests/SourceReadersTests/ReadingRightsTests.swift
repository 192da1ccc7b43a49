// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceModel
import GlanceServer
import MigrationModel
import MigrationPipeline
import OpenStackImage
import TestSupport
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
        var settings = GlanceModel.Settings()
        settings.caller.isAdmin = seesAll
        let glance = try GlanceServer(settings)
        for (id, owner, visibility) in [
            ("own", "project", "private"), ("all", "other", "public"), ("hers", "other", "private"),
        ] {
            glance.put(
                id, data: [1],
                [
                    "name": .string(id), "owner": .string(owner),
                    "visibility": .string(visibility),
                ])
        }
        let session = CloudSession(
            CloudConfiguration(
                name: "alpha", authentication: .password(.id("u"), password: Secret("p")),
                authURL: glance.url, scope: .projectID("project")))
        let source = CloudImages(
            selection: try cloudEntry("cloud: alpha, images: { \(conditions) }"), sourceIndex: 0,
            cloud: SignedInCloud(
                session, endpoint: glance.url, region: nil, projectID: "project",
                isAdmin: isAdmin))
        let missed = Guarded<[MissedSelection]>([])
        var listing = Listing(
            date: "2026-11-28", nowUnixSeconds: 1_795_824_000,
            missed: { one in missed.withLock { $0.append(one) } })
        listing.hasProjects = maps
        let names = try await list(source, listing).map(\.image.displayName).sorted()
        return Found(names: names, missed: missed.withLock(\.self))
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
