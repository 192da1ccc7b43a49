// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// The target does what it is asked, and its answer does not arrive.
@Suite(.timeLimit(.minutes(5))) struct LostAnswerTests {
    @Test func `Staged data is imported, and not sent again, if only the answer was lost`()
        async throws
    {
        let scene = try CloudScene()
        scene.put()
        let beta = scene.beta
        beta.endImports()
        beta.afterEachRequest { request, images in
            guard request == "POST /v2/images", let id = images.first?["id"]?.string else { return }
            beta.loseAnswer("PUT", "/v2/images/\(id)/stage")
        }
        let (_, transfer) = try await scene.run(to: "{ cloud: beta, method: glance-direct }")
        #expect(transfer?.state == .done)
        let id = try #require(transfer?.imageID)
        #expect(beta.changes.count { $0 == "PUT /v2/images/\(id)/stage" } == 1)
        #expect(!beta.changes.contains { $0.hasPrefix("DELETE") })
        #expect(beta.data(id) == noise(1000, seed: 7))
    }

    @Test func `Data without a checksum is not sent again if only the answer was lost`()
        async throws
    {
        let scene = try CloudScene()
        scene.put(["checksum": .null, "os_hash_algo": .null, "os_hash_value": .null])
        let beta = scene.beta
        beta.afterEachRequest { request, images in
            guard request == "POST /v2/images", let id = images.first?["id"]?.string else { return }
            beta.loseAnswer("PUT", "/v2/images/\(id)/file")
        }
        let (_, transfer) = try await scene.run(to: "{ cloud: beta, method: upload }")
        #expect(transfer?.state == .done)
        let id = try #require(transfer?.imageID)
        #expect(beta.changes.count { $0 == "PUT /v2/images/\(id)/file" } == 1)
        #expect(!beta.changes.contains { $0.hasPrefix("DELETE") })
        #expect(beta.data(id) == noise(1000, seed: 7))
    }
}
