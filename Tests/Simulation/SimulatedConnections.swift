// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceModel
import HTTPTransport
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import SourceReaders
import TranshipKit

/// The clouds and mirrors of a simulated world, as one process reaches them.
struct SimulatedConnections: Connections {
    let world: World
    let life: Life
    let host: Host
    let planted: PlantedBug?

    var reopening: Reopening {
        let world = world
        var reopening = Reopening()
        reopening.chance = { world.chance.unit() }
        reopening.wait = { await world.timeline.sleep(Int64($0 * 1000)) }
        return reopening
    }

    func client(for url: URLSource) -> HTTPClient {
        HTTPClient(over: Network(world: world, life: life, host: host, planted: planted))
    }

    func signIn(_ name: CloudName) async throws(TranshipError) -> SignedInCloud {
        let cloud = name.name
        let client = HTTPClient(
            over: Network(world: world, life: life, host: host, planted: planted))
        let configuration = CloudConfiguration(
            name: cloud,
            authentication: .password(.id("someone"), password: Secret(World.password)),
            authURL: "http://\(cloud)/identity", scope: .projectID("project-\(cloud)"),
            region: cloud, imageEndpointOverride: "http://\(cloud)")
        let session = CloudSession(configuration, client, executor: world.timeline)
        let project = try await session.authenticate()
        // Siblings of the source's cloud are regions of its Keystone.
        let isSibling = world.scenario.targets.contains { $0.name == cloud && $0.isSibling }
        return SignedInCloud(
            session, endpoint: project.imageEndpoint,
            region: CloudRegion(
                keystoneURL: isSibling ? Scenario.sourceCloud : cloud, name: cloud),
            projectID: project.projectID)
    }
}
