// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceModel
import GlanceServer
import MigrationModel
import MigrationPipeline
import OpenStackImage
import TestSupport

@testable import SourceReaders

/// A model cloud whose token is for `project`: the image `own` is of that project, and the public
/// `all` and the private `hers` are of another one.
struct TwoProjectCloud {
    let glance: GlanceServer

    /// - Parameter seesAll: true if the service shows the images of all projects.
    init(seesAll: Bool = false) throws {
        var settings = GlanceModel.Settings()
        settings.caller.isAdmin = seesAll
        glance = try GlanceServer(settings)
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
    }

    /// Lists the images of one entry.
    ///
    /// - Parameters:
    ///   - conditions: the entry's `images`, in YAML.
    ///   - isAdmin: true if the token has the role of an administrator.
    ///   - hasProjects: true if the pipeline has `projects`.
    func list(
        _ conditions: String, isAdmin: Bool = false, hasProjects: Bool = true
    ) async throws -> (images: [ListedImage], missed: [MissedSelection]) {
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
        listing.hasProjects = hasProjects
        let images = try await SourceReadersTests.list(source, listing)
        return (images, missed.withLock(\.self))
    }
}
