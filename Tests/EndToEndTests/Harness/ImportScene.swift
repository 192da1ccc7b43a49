// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import LabSupport
import TestSupport
import Testing

/// Like ``scene(_:under:_:)``, which knows only alpha and beta.
func scene(
    _ topic: String, cleaning clouds: [LabCloud], _ body: (Scene) async throws -> Void
) async throws {
    try await scene(topic) { scene in
        func clean() async throws {
            for cloud in clouds {
                for image in try await cloud.images(scene.prefix) { try await cloud.delete(image) }
            }
        }
        do {
            try await body(scene)
        } catch {
            try await clean()
            throw error
        }
        try await clean()
    }
}

extension Scene {
    /// Adds one image of noise to alpha, with the prefix as its name.
    @discardableResult
    func addNoise(bytes: Int = 300_000, seed: UInt64 = 5) async throws -> JSONValue {
        try await alpha.add(
            prefix, Sample.raw(bytes, seed: seed), ["visibility": "private"])
    }

    /// Makes a pipeline of a URL with its promised sha512, which is the algorithm that the lab's
    /// clouds report.
    func promisedPipeline(
        _ url: String, data: [UInt8], target: String = "beta", targetKeys: String = "",
        _ rest: String = ""
    ) throws -> String {
        try pipeline(
            """
            sources:
              - url: \(url)
                checksum: \(try digest(.sha512, of: data))
                image: { name: "\(prefix)", disk_format: raw, container_format: bare }
            targets:
              - cloud: \(target)
            \(targetKeys.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
            \(rest)
            """)
    }

    /// Limits with which `auto` lets a target fetch images that are not small: sending would take
    /// 64 s a GiB.
    static let slowLink = "limits: { images: 1, bandwidth: 16MiB/s }"

    /// Returns data that is not small.
    static func largeData(seed: UInt64) -> [UInt8] { Sample.raw(9 * Sample.mebibyte, seed: seed) }

    /// Returns the plan's only item.
    func planned(_ file: String) async throws -> JSONValue {
        let plan = try await tranship("plan", file, "--format", "json")
        try #require(plan.status == 0, plan.said)
        let items = plan.lines("plan-item")
        try #require(items.count == 1, plan.said)
        return items[0]
    }

    /// Returns the journal's only transfer.
    func transfer() async throws -> JSONValue {
        let all = try await journalled()
        try #require(all.count == 1, "\(all)")
        return all[0]
    }
}

/// A web server whose bodies begin at once, and end when the gate is opened.
final class GatedServer: Sendable {
    let server: RawHTTPServer
    let sha512: Checksum
    private let gate = Gate()

    private final class Gate: Sendable {
        let isOpen = Guarded(false)
        let halves = Guarded(0)
    }

    /// - Parameter waits: true for requests that have to wait; the others get all data at once.
    init(
        _ data: [UInt8], waits: @escaping @Sendable (ReceivedRequest) -> Bool = { $0.isByGlance }
    ) throws {
        sha512 = try digest(.sha512, of: data)
        let gate = gate
        server = try RawHTTPServer { request in
            Reply { exchange in
                exchange.sendHead(200, [("Content-Length", "\(data.count)")])
                guard request.method != "HEAD" else { return }
                let half = waits(request) && !request.isLook ? data.count / 2 : 0
                exchange.send(Array(data.prefix(half)))
                if half > 0 { gate.halves.withLock { $0 += 1 } }
                while half > 0, !gate.isOpen.withLock({ $0 }) { usleep(10_000) }
                exchange.send(Array(data.dropFirst(half)))
            }
        }
    }

    var url: String { "\(server.url)/image.img" }

    /// The number of Glance's requests that have arrived.
    var fetches: Int { server.requests.count { $0.isByGlance && $0.method == "GET" } }

    /// The number of bodies that are sent up to their middle: the rest waits.
    var halves: Int { gate.halves.withLock { $0 } }

    func open() { gate.isOpen.withLock { $0 = true } }
}

extension ReceivedRequest {
    /// True for requests of the service itself, not of Tranship.
    var isByGlance: Bool { self[header: "user-agent"]?.hasPrefix("tranship") != true }
}

/// Waits until a condition about a cloud is true; records an issue after the limit.
func waits(
    withinSeconds seconds: Double = 30, _ what: Comment,
    at location: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while try await !condition() {
        guard ContinuousClock.now < end else {
            Issue.record("it never came: \(what.rawValue)", sourceLocation: location)
            throw Missed()
        }
        try await Task.sleep(for: .milliseconds(100))
    }
}

struct Missed: Error {}
