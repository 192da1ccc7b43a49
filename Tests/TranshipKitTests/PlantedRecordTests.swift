// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// Records of another project under the ids of our copies, with our marker. Anyone who knows a
/// source can compute both.
@Suite(.timeLimit(.minutes(5))) struct PlantedRecordTests {
    /// The state in which the other project left its record.
    enum Planted: String, CaseIterable {
        case queued, sameData, otherData
    }

    private func planted(
        _ how: Planted, _ visibility: String, at scene: CloudScene, keys: String
    ) async throws -> (id: String, fields: [String: JSONValue]?) {
        // The other project first runs a pipeline to a cloud of its own that names our project.
        let copy = try await scene.run(to: "{ cloud: theirs, \(keys) }", journal: "theirs.sqlite")
        let transfer = try #require(copy.transfer)
        let id = try #require(transfer.imageID)
        let fields: [String: JSONValue] = [
            "name": "web", "owner": "someone", "visibility": .string(visibility),
            "disk_format": "raw", "container_format": "bare", "os_command_line": "evil",
            Origin.propertyName: .string(transfer.origin.propertyValue),
        ]
        switch how {
        case .queued: scene.beta.put(id, fields)
        case .sameData: scene.beta.put(id, data: noise(1000, seed: 7), fields)
        case .otherData: scene.beta.put(id, data: noise(1000, seed: 8), fields)
        }
        return (id, scene.beta.image(id))
    }

    @Test(arguments: Planted.allCases, ["private", "community", "public"])
    func `A record that another project planted is left alone`(
        how: Planted, visibility: String
    ) async throws {
        for (seesAll, keepsID) in [(false, false), (true, false), (true, true)] {
            let scene = try CloudScene("theirs", seesAll: seesAll)
            scene.put()
            let kept = keepsID ? ", keep_id: prefer" : ""
            let keys = "image: { visibility: community\(kept) }"
            let (id, before) = try await planted(how, visibility, at: scene, keys: keys)
            let theirs = scene.beta.data(id)

            let first = try await scene.run(to: "{ cloud: beta, \(keys) }")
            let transfer = try #require(first.transfer)
            let own = try #require(transfer.imageID)
            #expect(transfer.state == .done && own != id, "\(transfer)")
            #expect(scene.beta.image(id) == before && scene.beta.data(id) == theirs)
            #expect(scene.beta.data(own) == noise(1000, seed: 7))
            #expect(scene.beta.image(own)?["owner"] == "project")
            #expect(scene.beta.image(own)?["os_command_line"] == nil)
            // If the target shows the record, the run names its owner.
            let isSeen = seesAll || visibility != "private"
            let notes = transfer.remarks + first.item.notes
            #expect(
                notes.contains { $0.words.contains("someone") || keepsID && $0.words.contains(id) }
                    == isSeen, "\(notes.map(\.words))")

            // Neither a second run nor one without the journal makes a second copy.
            for journal in ["journal.sqlite", "lost.sqlite"] {
                let next = try await scene.run(to: "{ cloud: beta, \(keys) }", journal: journal)
                #expect([.skip, .update].contains(next.item.action), "\(journal)")
            }
            #expect(Set(scene.beta.ids) == [id, own])
            #expect(scene.beta.image(id) == before)
        }
    }
}
