// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import MigrationJournal

/// Runs the harness of the fuzzer without libFuzzer, over the inputs in the repository.
@Suite struct CorpusTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Corpora")

    private static func inputs(_ folder: String) throws -> [String: [UInt8]] {
        let place = root.appendingPathComponent(folder)
        var inputs: [String: [UInt8]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: place.path) {
            inputs[name] = Array(try Data(contentsOf: place.appendingPathComponent(name)))
        }
        return inputs
    }

    /// Runs work on a thread of its own: the harness waits for tasks, so it must not hold one of
    /// their threads.
    private static func onOwnThread<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: work()) }
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `Every input of a corpus, whole and cut short, is read to its end`(
        _ target: FuzzTarget
    ) async throws {
        let inputs = try Self.inputs(target.rawValue)
        #expect(inputs.count >= 3, "the fuzzer needs examples to start from")
        await Self.onOwnThread {
            for bytes in inputs.values {
                target.run(bytes)
                for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 16)) {
                    target.run(Array(bytes.prefix(count)))
                }
            }
        }
    }

    /// A new field in `Transfer` makes the examples of its rows useless.
    @Test func `The example of a row is a row that this version reads`() async throws {
        let rows = try Self.inputs(FuzzTarget.journalRow.rawValue)
        let row = try #require(rows["planned"])
        let json = Data(row.drop { $0 != 0x0A }.dropFirst())
        let now = try Body.text(Sample.transfer())
        let read = await Self.onOwnThread {
            FuzzedJournalRow.transfers(state: "planned", dueAt: nil, json).count
        }
        #expect(
            read == 1,
            "write the rows of the corpus again, in this form: \(now)")
    }

    @Test func `Every corpus belongs to a target, and all are small`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.path)
        #expect(Set(folders) == Set(FuzzTarget.allCases.map(\.rawValue)))
        let sizeBytes = try folders.reduce(0) { sum, folder in
            try Self.inputs(folder).values.reduce(sum) { $0 + $1.count }
        }
        #expect(sizeBytes < 100 << 10)
    }
}
