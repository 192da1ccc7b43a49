// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Foundation
import GlanceServer
import HTTPTransport
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import SourceReaders
import TestSupport

@testable import TranshipKit

/// A publisher, its two mirrored clouds and the journal between them.
final class Month: Sendable {
    let mirror: PublisherMirror
    let one: MirroredCloud
    let two: MirroredCloud
    let otherKey: SigningKey
    private let folder: TemporaryFolder
    /// The journal in memory; nil for a file, as in real nights.
    private let memory: Journal?

    /// - Parameter inMemory: true if the journal can be interrupted at any access.
    init(inMemory: Bool = false) throws {
        folder = try TemporaryFolder()
        memory = inMemory ? try .inMemory() : nil
        mirror = try PublisherMirror()
        otherKey = try SigningKey()
        one = try MirroredCloud()
        two = try MirroredCloud()
        try trust([mirror.key, otherKey])
    }

    /// Replaces the keyring of the pipeline.
    func trust(_ keys: [SigningKey]) throws {
        try folder.write(keys.flatMap { try $0.publicKey() }, to: "mirror.gpg")
    }

    /// Opens the journal as a new process does.
    private func journal(_ passage: Journal.Passage?) async throws -> Journal {
        if let memory { return memory.reopened(through: passage) }
        let path = folder.file("journal.sqlite")
        _ = await eventually { Journal.holder(path: path) == nil }
        return try await .open(path: path)
    }

    /// Runs one night.
    ///
    /// - Returns: the exit code, and the failures.
    func run(through passage: Journal.Passage? = nil) async throws -> (
        status: Int32, words: String
    ) {
        let pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: month
                sources:
                  - url: \(mirror.server.url)/
                    latest: disk-@v.raw
                    checksum_file: \(mirror.server.url)/SHA256SUMS
                    signed_by: mirror.gpg
                    series: disk
                    image: { name: Disk, disk_format: raw, visibility: public }
                targets:
                  - { cloud: one, method: upload, on_conflict: keep-both, keep: 2, previous: rename, expired: &old { action: delete, after: 0s } }
                  - { cloud: two, method: upload, on_conflict: keep-both, keep: 2, previous: hide, expired: *old }
                limits: { attempts: 2 }
                """, file: folder.file("month.yaml"), environment: [:])
        var tuning = RunTuning()
        tuning.connections = ModelClouds(urls: ["one": one.url, "two": two.url])
        tuning.retries = { policy in
            policy.backoffSecondsMax = 0.01
            policy.probeSeconds = 0.01
            policy.outageSecondsMax = 0.2
        }
        let watch = watchVisibleImages()
        defer { watch.cancel() }
        let run = PipelineRun(
            pipeline, journal: try await journal(passage), environment: [:], tuning: tuning)
        do {
            let summary = try await run.carryOut(try await run.plan())
            return (
                summary.exitStatus.rawValue, "\(summary.failures) \(summary.changes.map(\.reason))"
            )
        } catch {
            let error = TranshipError(wrapping: error)
            return (ExitStatus(error.code).rawValue, "\(error)")
        }
    }

    // MARK: What must never be

    private let seenUnverified = Guarded<[String]>([])

    /// The images that others could see with data that the publisher did not sign.
    var unverified: [String] { seenUnverified.withLock { $0 } }

    private func watchVisibleImages() -> Task<Void, Never> {
        Task { [self] in
            while !Task.isCancelled {
                look()
                try? await Task.sleep(for: .milliseconds(2))
            }
            look()
        }
    }

    private func look() {
        for cloud in [one, two] {
            let found = cloud.visible.filter { mirror.version(of: $0.data) == nil }
            guard !found.isEmpty else { continue }
            seenUnverified.withLock { $0 += found.map(\.id) }
        }
    }

    var foreignImagesAreUntouched: Bool { one.foreignIsUntouched && two.foreignIsUntouched }
}

/// A publisher with one image, a list and its signature, and their faults.
final class PublisherMirror: Sendable {
    struct Faults: Sendable {
        var isTruncated = false
        var missing: Set<String> = []
        var pages: Set<String> = []
        var replaced: [UInt8]?
        var status: Int?
        var isDown = false
        /// The files that come from a mirror with the version before: always, or for one request.
        var stale: Set<String> = []
        var staleOnce: Set<String> = []
    }

    private final class State: Sendable {
        let files = Guarded<[[String: [UInt8]]]>([])
        let faults = Guarded(Faults())

        func reply(_ request: ReceivedRequest) -> Reply {
            let isData = request.path.hasPrefix("/disk-")
            let path = isData ? "/disk" : request.path
            let faults = faults.withLock { faults in
                defer { faults.staleOnce.remove(path) }
                return faults
            }
            if faults.isDown { return Reply { $0.reset() } }
            if let status = faults.status { return .status(status, text: "later") }
            if faults.missing.contains(path) { return .status(404, text: "Not Found") }
            if faults.pages.contains(path) {
                return .status(
                    200, headers: [("Content-Type", "text/html")],
                    text: "<html><body>Down for maintenance</body></html>")
            }
            let isStale = faults.stale.contains(path) || faults.staleOnce.contains(path)
            let known = files.withLock { $0 }
            let earlier = known.dropLast().last { $0[request.path] != nil }
            let mirror = isStale ? earlier : known.last
            guard var data = mirror?[request.path] else { return .status(404, text: "Not Found") }
            guard isData else { return .status(200, body: data) }
            if let replaced = faults.replaced { data = replaced }
            return faults.isTruncated && request.method == "GET"
                ? .lying(declaredBytes: data.count, body: Array(data.prefix(data.count / 2)))
                : .status(200, body: data)
        }
    }

    let server: RawHTTPServer
    let key: SigningKey
    private let state: State

    init() throws {
        let state = State()
        self.state = state
        key = try SigningKey()
        server = try RawHTTPServer { state.reply($0) }
    }

    private static func data(_ version: Int) -> [UInt8] {
        noise(30_000, seed: UInt64(clamping: version))
    }

    /// Returns the version of the data; nil for data that was never published.
    func version(of data: [UInt8]) -> Int? { (1...14).first { Self.data($0) == data } }

    /// Publishes data with a list signed by `key`, and removes all faults.
    ///
    /// - Parameter version: the version in the name; nil for the number of the data.
    func publish(_ number: Int, as version: Int? = nil, by key: SigningKey? = nil) throws {
        let data = Self.data(number)
        let name = "disk-\(version ?? number).raw"
        let list = [UInt8]("\(try digest(.sha256, of: data).value)  \(name)\n".utf8)
        let signature = try (key ?? self.key).signature(of: list, isArmoured: false)
        state.files.withLock {
            $0.append(["/\(name)": data, "/SHA256SUMS": list, "/SHA256SUMS.gpg": signature])
        }
        heal()
    }

    func faults(_ change: (inout Faults) -> Void) {
        state.faults.withLock { faults in
            faults = Faults()
            change(&faults)
        }
    }

    func heal() { faults { _ in } }
}

/// A cloud with copies, and with another owner's image of the same name.
final class MirroredCloud: Sendable {
    private static let foreignID = "foreign"

    private let glance: GlanceServer
    private let down = Guarded(false)
    private let foreign: [String: JSONValue]

    init() throws {
        glance = try GlanceServer()
        glance.put(
            Self.foreignID, data: [1, 2, 3],
            ["name": "Disk", "visibility": "public", "disk_format": "raw", "os_hidden": false])
        foreign = glance.image(Self.foreignID) ?? [:]
        let isDown: @Sendable (ReceivedRequest) -> Bool = { [weak self] _ in self?.isDown == true }
        glance.answer(with: .status(503, text: "maintenance"), where: isDown)
    }

    var url: String { glance.url }

    var isDown: Bool {
        get { down.withLock { $0 } }
        set { down.withLock { $0 = newValue } }
    }

    /// Accepts no image data until the condition is true, or for ten seconds.
    ///
    /// - Parameter late: called each time the ten seconds are over.
    func holdBodies(
        until isTime: @escaping @Sendable () -> Bool, late: @escaping @Sendable () -> Void
    ) {
        glance.holdBodies {
            let limit = Date().addingTimeInterval(10)
            while !isTime() {
                guard Date() < limit else { return late() }
                usleep(5000)
            }
        }
    }

    // MARK: Operators

    func edit(_ version: Int, _ fields: [String: JSONValue]) {
        for copy in copies where copy.version == version { glance.put(copy.id, fields) }
    }

    func delete(_ version: Int) {
        for copy in copies where copy.version == version { glance.burn(copy.id) }
    }

    // MARK: State

    private struct Copy {
        var id: String
        var fields: [String: JSONValue]
        var version: Int
    }

    private var copies: [Copy] {
        glance.ids.compactMap { id in
            guard id != Self.foreignID, let fields = glance.image(id) else { return nil }
            let version = (1...14).first {
                glance.data(id) == noise(30_000, seed: UInt64(clamping: $0))
            }
            return Copy(id: id, fields: fields, version: version ?? 0)
        }.sorted { $0.version > $1.version }
    }

    /// The images that others can see, with their data.
    var visible: [(id: String, data: [UInt8])] {
        glance.active.filter {
            $0.id != Self.foreignID && $0.fields["visibility"] == "public"
        }.map { ($0.id, $0.data) }
    }

    var foreignIsUntouched: Bool {
        glance.image(Self.foreignID) == foreign && glance.data(Self.foreignID) == [1, 2, 3]
    }

    /// The state in the spelling of the nights' table.
    var state: String {
        let words = copies.map { "\($0.version)\(Self.mark($0.fields))" }
        guard let first = words.first else { return "" }
        return words.count == 1 ? first : "\(first) | \(words.dropFirst().joined(separator: " "))"
    }

    private static func mark(_ fields: [String: JSONValue]) -> String {
        var mark = ""
        if fields["status"] != "active" { mark += "!" }
        if fields["os_hidden"]?.bool == true { mark += "h" }
        let name = fields["name"]?.string ?? ""
        if name.hasPrefix("Disk (") { mark += "r" } else if name != "Disk" { mark += "'" }
        return mark
    }
}
