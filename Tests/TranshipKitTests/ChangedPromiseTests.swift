// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// A source whose promise changes, while its data changes or not.
@Suite(.timeLimit(.minutes(3))) struct ChangedPromiseTests {
    private static let rules =
        "method: upload, keep: 1, previous: hide, expired: { action: delete, after: 0s }"

    /// The files of a web server: the data of a version, and a list of its checksums.
    private struct Offer {
        var version: UInt64
        var tag: String
        var list: [Checksum.Algorithm]

        func answer(_ request: ReceivedRequest) -> Reply {
            let data = noise(5000, seed: version)
            guard request.path.hasSuffix("/SUMS") else {
                return .status(200, headers: [("ETag", "\"\(tag)\"")], body: data)
            }
            let lines = list.compactMap { algorithm -> String? in
                guard let checksum = try? digest(algorithm, of: data) else { return nil }
                return ["a.img", "a-\(version).img"].map { name in
                    "\(algorithm.rawValue.uppercased()) (\(name)) = \(checksum.value)\n"
                }.joined()
            }
            return .status(200, text: lines.joined())
        }
    }

    private let nights: Nights
    private let publisher: ChangingServer<Offer>

    init() throws {
        nights = try Nights("beta")
        publisher = try ChangingServer(Offer(version: 1, tag: "1", list: [])) { $0.answer($1) }
    }

    /// - Parameters:
    ///   - checksum: the checksum that the operator writes into the pipeline file.
    ///   - folder: the folder of the data and its list.
    @discardableResult
    private func night(
        _ version: UInt64, tag: String? = nil, _ list: [Checksum.Algorithm] = [],
        checksum: Checksum? = nil, in folder: String = ""
    ) async throws -> Nights.Night {
        publisher.publish(Offer(version: version, tag: tag ?? "\(version)", list: list))
        let sums =
            checksum.map { "checksum: '\($0)', " }
            ?? (list.isEmpty ? "" : "checksum_file: '\(publisher.url)\(folder)/SUMS', ")
        let url = "\(publisher.url)\(folder)/a.img"
        return try await nights.night(
            try nights.run(
                rules: Self.rules,
                sources: """
                    sources:
                      - { url: '\(url)', \(sums)image: { name: a, disk_format: raw } }
                    """))
    }

    private var standing: [String?] { (1...3).map { nights.standing($0) } }

    @Test(
        arguments: [
            // A run computes the digest of the promise, and the sha512 that the target reports.
            [[.sha256], [.sha256, .sha512], [.sha256]], [[.md5], [.sha512], [.md5]],
            // The ETag shows that the data is the same.
            [[.md5], [.sha256], [.md5]], [[], [.sha256], []], [[.sha512], [.sha256]],
            [[.sha256], []],
        ] as [[[Checksum.Algorithm]]])
    func `The same data under another promise is the same version`(
        lists: [[Checksum.Algorithm]]
    ) async throws {
        try await night(1, lists[0])
        try await night(2, lists[0])
        for list in lists.dropFirst() {
            for _ in 1...2 {
                let night = try await night(2, list)
                #expect(night.items.map(\.action) == [.skip], "\(list)")
                #expect(night.planned.isEmpty && night.words.isEmpty, "\(list)")
                #expect(standing == ["a hidden", "a", nil], "\(list)")
            }
        }
        // New data is a new version, as always.
        try await night(3, lists[0])
        #expect(standing == [nil, "a hidden", "a"])
    }

    @Test(arguments: [nil, Checksum.Algorithm.sha256])
    func `The same data at another address is the same version`(
        algorithm: Checksum.Algorithm?
    ) async throws {
        let list = [algorithm].compactMap(\.self)
        func promise(_ version: UInt64) throws -> Checksum? {
            algorithm == nil ? try digest(.sha512, of: noise(5000, seed: version)) : nil
        }
        try await night(1, list, checksum: promise(1))
        try await night(2, list, checksum: promise(2))
        for folder in ["/moved", "/moved", "/again", ""] {
            let night = try await night(
                2, tag: folder, list, checksum: promise(2), in: folder)
            #expect(night.items.map(\.action) == [.skip], "\(folder)")
            #expect(night.planned.isEmpty && night.words.isEmpty, "\(folder)")
            #expect(standing == ["a hidden", "a", nil], "\(folder)")
        }
        // New data is a new version, at any address.
        try await night(3, list, checksum: promise(3), in: "/moved")
        #expect(standing == [nil, "a hidden", "a"])
    }

    @Test func `A folder of versions at another address has no new one`() async throws {
        for (version, folder, action) in [
            (1, "/x", PlanAction.create), (2, "/x", .create), (2, "/y", .skip), (2, "/y", .skip),
            (3, "/y", .create),
        ] as [(UInt64, String, PlanAction)] {
            publisher.publish(Offer(version: version, tag: folder, list: [.sha256]))
            let night = try await nights.night(
                try nights.run(
                    rules: Self.rules,
                    sources: """
                        sources:
                          - url: '\(publisher.url)\(folder)/'
                            latest: a-@v.img
                            checksum_file: '\(publisher.url)\(folder)/SUMS'
                            image: { name: a, disk_format: raw }
                        """))
            #expect(night.items.map(\.action) == [action], "\(version) in \(folder)")
            #expect(night.summary.exitStatus == .done, "\(night.summary.failures)")
            #expect(nights.standing(version) == "a", "\(version) in \(folder)")
            #expect(nights.clouds["beta"]?.ids.count == min(2, Int(version)), "\(folder)")
        }
    }

    @Test func `A version that comes back under another promise is restored`() async throws {
        try await night(1, [.sha256])
        try await night(2, [.sha256])
        let back = try await night(1, tag: "9", [.sha512])
        #expect(back.items.map(\.action) == [.skip])
        #expect(standing == ["a", "a hidden", nil])
    }

    @Test func `New data under another promise is a new version`() async throws {
        try await night(1, [.md5])
        try await night(2, [.md5])
        let night = try await night(3, [.sha256])
        #expect(night.items.map(\.action) == [.create])
        #expect(standing == [nil, "a hidden", "a"])
    }

    /// The target reports md5 and sha512, and the ETag shows that the data is the same.
    @Test(arguments: Checksum.Algorithm.allCases)
    func `A checksum that an operator adds is compared, whatever the ETag says`(
        algorithm: Checksum.Algorithm
    ) async throws {
        try await night(1)
        let right = try digest(algorithm, of: noise(5000, seed: 1))
        let wrong = try digest(algorithm, of: noise(5000, seed: 2))
        for _ in 1...2 {
            let night = try await night(1, checksum: wrong)
            #expect(night.items.map(\.action) == [.create], "\(algorithm)")
            #expect(night.summary.failures.map(\.code) == [.checksumMismatch])
            #expect(standing[0] == "a")
        }
        let compared = try await night(1, checksum: right)
        #expect(compared.summary.exitStatus == .done)
        // A digest that the target reports already makes the comparison.
        let isReported = [.md5, .sha512].contains(algorithm)
        #expect(compared.items.map(\.action) == [isReported ? .skip : .create])
        for checksum in [right, nil] {
            let next = try await night(1, checksum: checksum)
            #expect(next.items.map(\.action) == [.skip], "\(algorithm)")
        }
    }

    /// No digest can be compared, and the ETag differs: only the data itself shows that it is the
    /// same.
    @Test func `Nothing is made or deleted because the same data is read again`() async throws {
        try await night(1, [.md5])
        try await night(2, [.md5])
        let night = try await night(2, tag: "9", [.sha256])
        #expect(night.items.map(\.action) == [.create])
        #expect(night.summary.exitStatus == .done)
        #expect(Set(night.summary.changes.map(\.state)) == [.left])
        #expect(
            night.summary.changes.filter { $0.action == .delete }.map(\.reason.code)
                == ["same-data-as-new"])
        #expect(nights.clouds["beta"]?.ids.count == 2)
        let next = try await self.night(2, tag: "9", [.sha256])
        #expect(next.items.map(\.action) == [.skip] && next.planned.isEmpty)
        #expect(standing == ["a hidden", "a", nil])
    }
}
