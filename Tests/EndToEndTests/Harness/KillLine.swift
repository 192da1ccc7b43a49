// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import LabSupport
import TestSupport
import Testing

/// A way to move images, for tests that kill the process meanwhile.
struct KillLine: Sendable {
    /// The images at the sources, and the pipeline that moves them.
    struct Scenery: Sendable {
        var file: String
        /// The data that has to arrive, by name.
        var data: [String: [UInt8]]
        /// The images at the source, by name; empty for URLs.
        var originals: [String: JSONValue] = [:]
        var server: RawHTTPServer?
    }

    /// The number of the first commit after planning, which is the same for all.
    static let planCommits = 7

    var name: String
    var targets: [LabCloud] = [.beta]
    /// Clouds that a scene does not clean on its own.
    var cleaning: [LabCloud] = []
    /// The text of the pipeline's targets.
    var keys: String
    /// The text of the pipeline's other keys.
    var rest = ""
    var isURL = false
    /// True if only `make soak` kills its runs.
    var isLong = false
    /// The size of the smallest image.
    var sizeBytes = 200_000
    /// The limit per second while runs are killed at random moments.
    var bandwidth = "2MiB/s"
    var expectation: @Sendable (JSONValue, Scenery, Comment) -> Void = { _, _, _ in }

    static let all: [KillLine] = [
        KillLine(name: "upload", keys: beta("method: upload")),
        KillLine(name: "glance-direct", keys: beta("method: glance-direct")),
        KillLine(name: "web-download", keys: beta("method: web-download"), isURL: true),
        KillLine(
            name: "glance-download", targets: [.alphaTwo], cleaning: [.alphaTwoAdmin],
            keys: "  - cloud: alpha-two\n    method: glance-download"),
        KillLine(
            name: "copy-image", targets: [.betaAdmin],
            keys: """
                  - cloud: beta-admin
                    method: upload
                    stores: all
                    image: { members: drop }
                """,
            expectation: { copy, _, context in
                let stores = copy.text("stores").split(separator: ",").sorted()
                #expect(stores == ["fast", "slow"], context)
            }),
        KillLine(
            name: "two targets", targets: [.beta, .alphaTwo], cleaning: [.alphaTwoAdmin],
            keys: beta("method: upload") + "\n  - cloud: alpha-two\n    method: upload",
            rest: "transfer: stream"),
        // Large enough for two commits of the position while the data is read.
        KillLine(
            name: "spool", keys: beta("method: upload"), rest: "transfer: spool",
            sizeBytes: 2_300_000, bandwidth: "8MiB/s"),
        KillLine(
            name: "spool, two targets", targets: [.beta, .alphaTwo], cleaning: [.alphaTwoAdmin],
            keys: beta("method: glance-direct") + "\n  - cloud: alpha-two\n    method: upload",
            rest: "transfer: auto", isLong: true, sizeBytes: 1_200_000, bandwidth: "8MiB/s"),
        KillLine(
            name: "keep-id", keys: beta("method: upload", "members: drop, keep_id: true"),
            expectation: isKept),
        KillLine(
            name: "keep-id, glance-direct",
            keys: beta("method: glance-direct", "members: drop, keep_id: true"),
            isLong: true, expectation: isKept),
    ]

    private static let isKept: @Sendable (JSONValue, Scenery, Comment) -> Void = {
        copy, scenery, context in
        #expect(copy.id == scenery.originals[copy.name]?.id, context)
    }

    private static func beta(_ keys: String, _ image: String = "members: drop") -> String {
        "  - cloud: beta\n    \(keys)\n    image: { \(image) }"
    }

    /// - Parameters:
    ///   - images: the number of images to make.
    ///   - isSlow: true for a limit so low that most kills meet an image in flight.
    func prepare(_ scene: Scene, _ images: Int, isSlow: Bool) async throws -> Scenery {
        let limits = isSlow ? "limits: { bandwidth: \(bandwidth) }" : ""
        var scenery = Scenery(file: "", data: [:])
        for number in 0..<images {
            scenery.data["\(scene.prefix)-\(number)"] = Sample.raw(
                sizeBytes + number * 100_000, seed: UInt64(number + 1))
        }
        let data = scenery.data
        guard isURL else {
            for (name, bytes) in data {
                scenery.originals[name] = try await scene.alpha.add(
                    name, bytes, ["visibility": "private"])
            }
            scenery.file = try scene.pipeline(
                """
                sources:
                  - cloud: alpha
                    images: { name: "\(scene.prefix)*" }
                targets:
                \(keys)
                \(rest)
                \(limits)
                """)
            return scenery
        }
        let server = try RawHTTPServer { request in
            .status(200, body: data[String(request.path.dropFirst())] ?? [])
        }
        scenery.server = server
        let sources = try data.sorted { $0.key < $1.key }.map { name, bytes in
            """
              - url: \(server.url)/\(name)
                checksum: \(try digest(.sha512, of: bytes))
                image: { name: "\(name)", disk_format: raw, container_format: bare, visibility: private }
            """
        }
        scenery.file = try scene.pipeline(
            """
            sources:
            \(sources.joined(separator: "\n"))
            targets:
            \(keys)
            \(rest)
            \(limits)
            """)
        return scenery
    }

    func check(_ copy: JSONValue, _ scenery: Scenery, _ context: String) async throws {
        expectation(copy, scenery, "\(context)")
    }
}

/// Images at the targets that are not ours, although they carry a marker.
struct Bystander: Sendable {
    static let suffix = " bystander"
    private var images: [(cloud: LabCloud, id: String)] = []

    init(_ scene: Scene, _ targets: [LabCloud]) async throws {
        for cloud in targets {
            let image = try await cloud.add(
                scene.prefix + Self.suffix, nil,
                ["tranship_origin": "d9428888-122b-11e1-b85c-61cd3cbb3210/of-someone-else"])
            images.append((cloud, image.id))
        }
    }

    func expectUntouched(_ context: String) async throws {
        for (cloud, id) in images {
            #expect(try await cloud.image(id).text("status") == "queued", "\(context)")
        }
    }
}
