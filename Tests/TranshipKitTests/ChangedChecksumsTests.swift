// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// An image of a cloud whose data stays, while its source reports other checksums of it.
@Suite(.timeLimit(.minutes(3))) struct ChangedChecksumsTests {
    /// The checksums in the source's record.
    enum Shown: CaseIterable {
        case nothing, md5, sha512, both, sha256
    }

    private let scene: CloudScene

    init() throws { scene = try CloudScene() }

    /// Puts the image with this data into the source, with these checksums of it.
    private func put(
        _ shown: Shown, seed: UInt64 = 7, _ more: [String: JSONValue] = [:]
    ) throws {
        let data = noise(1000, seed: seed)
        var fields: [String: JSONValue] = [
            "name": "web", "disk_format": "raw", "container_format": "bare",
        ]
        if ![.md5, .both].contains(shown) { fields["checksum"] = .null }
        switch shown {
        case .nothing, .md5:
            fields["os_hash_algo"] = .null
            fields["os_hash_value"] = .null
        case .sha256:
            fields["os_hash_algo"] = "sha256"
            fields["os_hash_value"] = .string(try digest(.sha256, of: data).value)
        case .sha512, .both: break
        }
        scene.alpha.put("s", data: data, fields.merging(more) { $1 })
    }

    private func run() async throws -> PlanItem {
        try await scene.run(to: "{ cloud: beta }").item
    }

    private var made: Int { scene.beta.changes.count { $0 == "POST /v2/images" } }

    @Test(
        arguments: [
            [.nothing, .md5, .both], [.nothing, .sha512, .nothing], [.md5, .both, .md5],
            [.both, .md5, .both], [.both, .nothing], [.sha512, .md5], [.md5, .sha512],
            // A digest that neither the journal nor the target has.
            [.nothing, .sha256], [.md5, .sha256, .sha512], [.sha256, .both],
        ] as [[Shown]])
    func `The same data under other checksums is copied once`(nights: [Shown]) async throws {
        try put(nights[0])
        #expect(try await run().action == .create)
        let id = try #require(scene.beta.ids.first)
        for night in nights.dropFirst() {
            try put(night)
            for _ in 1...2 {
                let item = try await run()
                #expect(item.action == .skip, "\(night)")
                #expect(item.reason == .alreadyAtTarget(imageID: id), "\(night)")
            }
            let checked = try await scene.checked(to: "{ cloud: beta }")
            #expect(checked.map(\.verdict) == [.same], "\(night)")
        }
        #expect(made == 1 && scene.beta.ids == [id])
    }

    @Test(arguments: [Shown.md5, .sha512, .both])
    func `Other data under the id is a new version`(shown: Shown) async throws {
        try put(.both)
        _ = try await run()
        let first = try #require(scene.beta.ids.first)
        try put(shown, seed: 8)
        #expect(try await run().action == .create)
        #expect(made == 2)
        let checked = try await scene.checked(to: "{ cloud: beta }")
        let extra = try #require(checked.first { $0.verdict == .extra })
        #expect(extra.imageID == first)
        #expect(extra.note?.hasPrefix("a copy of other data that image:s had") == true)
    }

    /// A service that forgot its deleted images gives out their ids again.
    @Test func `An image that was created at another time is another one`() async throws {
        try put(.nothing)
        _ = try await run()
        try put(.sha256, seed: 8, ["created_at": "2020-01-01T00:00:00Z"])
        #expect(try await run().action == .create)
        #expect(made == 2)
    }
}
