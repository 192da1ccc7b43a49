// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MigrationModel
import Testing

extension EndToEndTests {
    @Suite struct KillTests {
        @Test("20 SIGKILLs at random moments cost nothing: every image arrives once")
        func upload() async throws {
            try await killed(times: 20, method: "upload", topic: "kill")
        }

        @Test("8 SIGKILLs during staged imports cost nothing: every image arrives once")
        func glanceDirect() async throws {
            try await killed(times: 8, method: "glance-direct", topic: "killimport")
        }

        private func killed(times: Int, method: String, topic: String) async throws {
            let seed = UInt64.random(in: 0..<1 << 32)
            print("\(topic): seed \(seed)")
            var random = SeededNumbers(seed: seed)
            try await scene(topic) { scene in
                let originals = try await scene.addTwelve(bytes: Sample.mebibyte)
                // Slow enough that most kills meet an image in flight.
                let file = try scene.cloudPipeline(
                    targetKeys: "method: \(method)\nimage: { members: drop }",
                    "limits: { images: 4, bandwidth: 4MiB/s }")
                let seconds = try await unkilledSeconds(file, scene)
                var moments: [String] = []
                for _ in 0..<times {
                    // Nothing left to interrupt: somebody cleared the target.
                    let there = try await scene.beta.images(scene.prefix)
                    if there.allSatisfy({ $0.text("status") == "active" }), there.count == 12 {
                        for copy in there { try await scene.beta.delete(copy) }
                    }
                    let delay = Double.random(in: 0..<seconds, using: &random)
                    let command = try scene.start(["run", file])
                    try await Task.sleep(for: .seconds(delay))
                    command.signal(SIGKILL)
                    let outcome = await command.outcome()
                    // 0: it was done before the signal came.
                    #expect([128 + SIGKILL, 0].contains(outcome.status), outcome.said)
                    let states = try await scene.beta.images(scene.prefix).map {
                        $0.text("status")
                    }
                    moments.append(
                        "\(Int(delay * 1000)) ms: \(Dictionary(grouping: states) { $0 }.mapValues(\.count))"
                    )
                }
                let context = "seed \(seed), \(moments)"
                print("\(topic): \(moments)")

                let last = try await scene.tranship("run", file)
                #expect(last.status == 0, "\(context)\n\(last.said)")
                let copies = try await scene.beta.images(scene.prefix)
                Comparison.expectEqual(originals, copies, "\(context)\n\(last.said)")
                // The hash that the service made of what it stored is the proof
                // of the bytes; what it hands out is looked at as well.
                for copy in copies {
                    let original = originals.first {
                        $0["os_hash_value"] == copy["os_hash_value"]
                    }
                    let there = try await scene.beta.data(copy.id)
                    let here = try await scene.alpha.data(original?.id ?? "")
                    #expect(there == here, "\(copy.name) (\(context))")
                }
                try await expectJournal(agrees: copies, scene)

                let again = try await scene.tranship("run", file)
                #expect(again.status == 0, again.said)
                #expect(again.talk.contains("nothing to do"), again.said)
            }
        }

        /// How long an undisturbed run takes, with a journal of its own; what it
        /// made is removed again.
        private func unkilledSeconds(_ file: String, _ scene: Scene) async throws -> Double {
            let journal = scene.folder.appendingPathComponent("undisturbed.sqlite").path
            let run = try await scene.tranship("run", file, "--journal", journal)
            try #require(run.status == 0, run.said)
            print("undisturbed: \(run.seconds) s\n\(run.seconds > 20 ? run.talk : "")")
            for copy in try await scene.beta.images(scene.prefix) {
                try await scene.beta.delete(copy)
            }
            return run.seconds
        }
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
