// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import SourceReaders

@testable import TranshipKit

/// The connections to clouds of the model, each of which is its own Keystone.
struct ModelClouds: Connections {
    /// Addresses by the names in pipeline files.
    let urls: [String: String]
    /// The projects of the tokens by the names in pipeline files, if not the one that Keystone says.
    var projects: [String: String] = [:]

    /// Reopens without pauses.
    var reopening: Reopening {
        var reopening = Reopening()
        reopening.wait = { _ in }
        return reopening
    }

    func client(for url: URLSource) -> HTTPClient { HTTPClient() }

    func signIn(_ name: CloudName) async throws(TranshipError) -> SignedInCloud {
        guard let url = urls[name.name] else { throw TranshipError(.unknownCloud, name.name) }
        let session = CloudSession(
            CloudConfiguration(
                name: name.name, authentication: .password(.id("u"), password: Secret("p")),
                authURL: url, scope: .projectID("project")))
        var projectID = projects[name.name]
        if projectID == nil { projectID = try await session.authenticate().projectID }
        return SignedInCloud(
            session, endpoint: url, region: CloudRegion(keystoneURL: url, name: "RegionOne"),
            projectID: projectID)
    }
}
