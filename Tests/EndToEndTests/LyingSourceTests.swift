// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import HTTPTransport
import LabSupport
import OpenStackImage
import TestSupport
import Testing

extension EndToEndTests {
    @Suite struct LyingSourceTests {
        @Test(
            "bytes that do not match their checksum are never active at the target, not for a moment",
            arguments: ["declared", "chunked"])
        func wrongChecksum(framing: String) async throws {
            let data = noise(3 * Sample.mebibyte, seed: 11)
            let server = try RawHTTPServer { request in
                if request.method == "HEAD" || framing == "declared" {
                    return .status(200, body: data)
                }
                return .chunked(data)
            }
            try await scene("lying") { scene in
                let file = try scene.urlPipeline(
                    "\(server.url)/image.img",
                    checksum: "sha256:\(String(repeating: "5f", count: 32))",
                    "limits: { bandwidth: 4MiB/s }")
                let watch = StatusWatch(scene.prefix)
                let run = try await scene.tranship("run", file)
                let seen = await watch.end()
                #expect(run.status == 6, run.said)
                #expect(run.talk.contains("do not match their checksum"), run.said)
                #expect(run.talk.contains("5f5f5f"), run.said)
                #expect(!seen.statuses.contains("active"), "\(seen)")
                // The image was visible, and the watch looked often enough.
                #expect(seen.statuses.contains("queued") || seen.statuses.contains("saving"))
                #expect(seen.looks > 20)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)

                // The next run tries again, with the same result.
                let again = try await scene.tranship("run", file)
                #expect(again.status == 6, again.said)
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
            }
        }

        @Test("an empty body that should not be empty is never active either")
        func emptyInsteadOfData() async throws {
            let server = try RawHTTPServer { _ in .status(200) }
            try await scene("lyingempty") { scene in
                let file = try scene.urlPipeline(
                    "\(server.url)/image.img",
                    checksum: "sha256:\(String(repeating: "5f", count: 32))")
                let watch = StatusWatch(scene.prefix)
                let run = try await scene.tranship("run", file)
                let seen = await watch.end()
                #expect(run.status == 3, run.said)
                #expect(run.talk.contains("/image.img is empty"), run.said)
                #expect(!seen.statuses.contains("active"), "\(seen)")
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
            }
        }

        @Test("the same lie to a staged import is never imported")
        func wrongChecksumStaged() async throws {
            let server = try RawHTTPServer { _ in .status(200, body: noise(500_000, seed: 3)) }
            try await scene("lyingstage") { scene in
                let file = try scene.pipeline(
                    """
                    sources:
                      - url: \(server.url)/image.img
                        checksum: sha512:\(String(repeating: "ab", count: 64))
                        image: { name: "\(scene.prefix)", disk_format: raw, container_format: bare }
                    targets:
                      - cloud: beta
                        method: glance-direct
                    """)
                let watch = StatusWatch(scene.prefix)
                let run = try await scene.tranship("run", file)
                let seen = await watch.end()
                #expect(run.status == 6, run.said)
                #expect(seen.statuses.isDisjoint(with: ["active", "importing"]), "\(seen)")
                #expect(try await scene.beta.images(scene.prefix).isEmpty)
            }
        }
    }
}

/// Reads an image's status at beta as fast as the service answers.
private final class StatusWatch: Sendable {
    struct Seen: Sendable {
        var statuses: Set<String> = []
        var looks = 0
    }

    private let seen = Guarded(Seen())
    private let watching = Guarded<Task<Void, Never>?>(nil)

    init(_ name: String) {
        let task = Task { [self] in
            while !Task.isCancelled {
                let page = try? await LabCloud.beta.service.sendForJSON(
                    ServiceRequest(.get, "/v2/images", query: [.init("name", name)]))
                let statuses = (page?["images"]?.array ?? []).map { $0.text("status") }
                seen.withLock { seen in
                    seen.statuses.formUnion(statuses)
                    seen.looks += 1
                }
            }
        }
        watching.withLock { $0 = task }
    }

    func end() async -> Seen {
        let task = watching.withLock { $0 }
        task?.cancel()
        await task?.value
        return seen.withLock { $0 }
    }
}
