// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// The target performs a request, and its answer does not arrive.
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

    /// A node behind the address of the service reads an older state of the database.
    @Test func `A copy that the target does not find right after its upload is not made again`()
        async throws
    {
        let scene = try CloudScene()
        scene.put()
        let beta = scene.beta
        beta.holdBodies {
            for id in beta.ids { beta.refuse("GET", "/v2/images/\(id)", status: 404, times: 2) }
        }
        let (_, transfer) = try await scene.run(to: "{ cloud: beta, method: upload }")
        #expect(transfer?.state == .done)
        #expect(beta.changes.count { $0 == "POST /v2/images" } == 1)
        #expect(beta.ids == [transfer?.imageID])
    }

    /// All answers to one kind of change to the versions of a series are lost, including those of
    /// the tries that follow at once.
    @Test(
        arguments: [
            ("previous: rename", 2, "rename done promote done"),
            ("previous: hide", 2, "hide done"), ("previous: deactivate", 2, "deactivate done"),
            // The source goes back to the earlier version.
            ("previous: rename", 1, "rename done restore done"),
            ("previous: hide", 1, "hide done restore done"),
            ("previous: deactivate", 1, "deactivate done restore done"),
        ] as [(String, UInt64, String)])
    func `What became of a version is looked up if only the answer was lost`(
        rules: String, offered: UInt64, expected: String
    ) async throws {
        let nights = try Nights("beta")
        for version in 1...(offered == 1 ? 2 : 1) as ClosedRange<UInt64> {
            try await nights.night(version, rules: rules)
        }
        let beta = try #require(nights.clouds["beta"])
        let loses: @Sendable (String) -> Void = { id in
            beta.loseAnswer("PATCH", "/v2/images/\(id)", times: 99)
            for action in ["deactivate", "reactivate"] {
                beta.loseAnswer("POST", "/v2/images/\(id)/actions/\(action)", times: 99)
            }
        }
        let before = beta.ids
        for id in before { loses(id) }
        beta.afterEachRequest { request, images in
            guard request == "POST /v2/images" else { return }
            for id in images.compactMap({ $0["id"]?.string }) where !before.contains(id) {
                loses(id)
            }
        }
        let night = try await nights.night(offered, rules: rules)
        #expect(night.words.joined(separator: " ") == expected)
        #expect(night.summary.exitStatus == .done)
        #expect(nights.standing(offered) == "a")
        #expect(nights.standing(3 - offered) != "a")
    }
}
