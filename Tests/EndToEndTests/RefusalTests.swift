// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import LabSupport
import TestSupport
import Testing

extension EndToEndTests {
    /// The refusals by a target: its own words are shown, and no unfinished copy of ours stays.
    @Suite struct RefusalTests {
        @Test("413: an image that is too large for the target is told with the service's words")
        func tooLarge() async throws {
            try await scene("toolarge") { scene in
                let file = try scene.filePipeline(bytes: 8 * Sample.mebibyte)
                try await Lab.with("image-size-cap", "1048576", of: "beta") {
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 3, run.said)
                    #expect(run.talk.contains("Glance answered 413"), run.said)
                    #expect(try await scene.beta.images(scene.prefix).isEmpty, run.said)
                }
                // The limit is gone, and the journal knows where to continue.
                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                #expect(try await scene.beta.images(scene.prefix).count == 1)
            }
        }

        @Test("415: data in another format than declared is told with the service's words")
        func wrongFormat() async throws {
            try await scene("format") { scene in
                let file = try scene.filePipeline(
                    bytes: 2 * Sample.mebibyte, disk: "qcow2", source: "inspect: false")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("Glance answered 415"), run.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty, run.said)
            }
        }

        @Test("a format that the target does not take is refused in the plan")
        func badRecord() async throws {
            try await scene("badrecord") { scene in
                let file = try scene.filePipeline(bytes: 1000, disk: "papertape")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("does not accept disk_format papertape, only "), run.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty, run.said)
            }
        }

        @Test("403: a protected property is refused before the first byte")
        func protectedProperty() async throws {
            try await scene("protection") { scene in
                let file = try scene.filePipeline(
                    bytes: 1000, image: ", properties: { x_protected_by: law }")
                try await Lab.with("property-protections", "on", of: "beta") {
                    let run = try await scene.tranship("run", file)
                    #expect(run.status == 3, run.said)
                    #expect(run.talk.contains("Glance answered 403"), run.said)
                    #expect(run.talk.contains("x_protected_by"), run.said)
                    #expect(try await scene.beta.images(scene.prefix).isEmpty, run.said)
                }
            }
        }

        @Test("a member may not publish: the copy stays private, is told, and is published later")
        func unpublished() async throws {
            try await scene("unpublished") { scene in
                let file = try scene.filePipeline(bytes: 5000, image: ", visibility: public")
                let run = try await scene.tranship("run", file)
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("unpublished"), run.said)
                #expect(run.talk.contains("403"), run.said)
                #expect(run.talk.contains("hint:"), run.said)
                let copy = try await scene.beta.only(scene.prefix)
                #expect(copy.text("visibility") == "private")
                #expect(copy.text("status") == "active")
                #expect(try await scene.journalled().map { $0.text("state") } == ["unpublished"])

                try await Lab.with("members-may-publish", "on", of: "beta") {
                    let again = try await scene.tranship("run", file)
                    #expect(again.status == 0, again.said)
                    let published = try await scene.beta.only(scene.prefix)
                    #expect(published.id == copy.id)
                    #expect(published.text("visibility") == "public")
                }
            }
        }

        @Test(
            "a refusal that comes while the body is being sent is not lost in the reset after it",
            arguments: [(409, "state"), (413, "quota of the model"), (415, "not a raw disk")])
        func early(status: Int, words: String) async throws {
            let html = "<html><body><h1>\(status)</h1>\(words)<br /><br /></body></html>"
            let cloud = try GlanceServer()
            cloud.answer(with: .early(status, text: html, afterBodyBytes: 300_000)) {
                $0.method == "PUT"
            }
            try await scene("early") { scene in
                let file = try scene.filePipeline(bytes: 16 * Sample.mebibyte, target: "model")
                let run = try await scene.tranship(
                    "run", file,
                    environment: [
                        "OS_CLIENT_CONFIG_FILE": try cloud.cloudsFile(in: scene.folder)
                    ])
                // A full quota is a limit that was reached; the others are failures.
                #expect(run.status == (status == 413 ? 8 : 3), run.said)
                #expect(run.talk.contains("Glance answered \(status): \(words)"), run.said)
                #expect(cloud.ids.isEmpty, "\(cloud.ids)")
            }
        }

        @Test("a target that breaks the body off each time is a failure that may pass")
        func connectionLost() async throws {
            let cloud = try GlanceServer()
            cloud.answer(with: .resettingEarly(afterBodyBytes: 300_000)) { $0.method == "PUT" }
            try await scene("cutoff") { scene in
                let file = try scene.filePipeline(
                    bytes: 4 * Sample.mebibyte, target: "model", "limits: { attempts: 2 }")
                let run = try await scene.tranship(
                    "run", file,
                    environment: [
                        "OS_CLIENT_CONFIG_FILE": try cloud.cloudsFile(in: scene.folder)
                    ])
                #expect(run.status == 5, run.said)
                #expect(cloud.asked.count { $0.hasSuffix("/file") } == 2)
                #expect(cloud.ids.isEmpty, "\(cloud.ids)")
            }
        }
    }
}

extension Scene {
    /// Writes a file of noise in this scene's folder.
    @discardableResult
    func file(_ name: String, bytes: Int, seed: UInt64 = 7) throws -> URL {
        let file = folder.appendingPathComponent(name)
        try Data(noise(bytes, seed: seed)).write(to: file)
        return file
    }

    /// Makes a pipeline from a file of noise to a cloud, with the prefix as its name.
    func filePipeline(
        bytes: Int, disk: String = "raw", image: String = "", source: String = "",
        target: String = "beta", _ rest: String = ""
    ) throws -> String {
        try file("source.img", bytes: bytes)
        return try pipeline(
            """
            sources:
              - file: ./source.img
                image: { name: "\(prefix)", disk_format: \(disk), container_format: bare\(image) }
                \(source)
            targets:
              - cloud: \(target)
            \(rest)
            """)
    }
}
