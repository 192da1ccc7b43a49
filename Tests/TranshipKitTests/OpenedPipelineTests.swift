// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import MigrationJournal
import MigrationModel
import PipelineFiles
import TestSupport
import Testing

@testable import TranshipKit

@Suite(.timeLimit(.minutes(2))) struct OpenedPipelineTests {
    private func plan(_ urls: [String: String], targets: [String]) async throws -> Int {
        let folder = try TemporaryFolder()
        try folder.write(noise(1000), to: "disk.raw")
        let pipeline = try Pipeline.parse(
            text: """
                version: 1
                name: places
                sources: [{ file: disk.raw }]
                targets: [\(targets.map { "{ cloud: \($0) }" }.joined(separator: ", "))]
                """, file: folder.file("places.yaml"), environment: [:])
        var tuning = RunTuning()
        tuning.connections = ModelClouds(urls: urls)
        let run = PipelineRun(
            pipeline, journal: try .inMemory(), environment: [:], tuning: tuning)
        return try await run.plan().saved().entries.count
    }

    @Test func `A plan says which place it asks, of how many`() async throws {
        let nights = try Nights("beta", "gamma")
        let asked = Guarded<[String]>([])
        let run = try nights.run(
            rules: "keep: 1",
            tell: { event in
                guard case .asking(let what, let number, let all) = event else { return }
                asked.withLock { $0.append("\(what) \(number)/\(all)") }
            })
        _ = try await run.plan()
        let words = asked.withLock { $0 }
        #expect(words.filter { $0 == "target beta 1/2" }.count == 2, "\(words)")
        #expect(words.filter { $0 == "target gamma 2/2" }.count == 2, "\(words)")
        #expect(words.filter { $0.hasPrefix("source ") && $0.hasSuffix(" 1/1") }.count == 2)
    }

    /// The ids of their copies would be the same, so one copy would count for both.
    @Test func `Two targets that are one place are refused`() async throws {
        let (one, two) = (try GlanceServer(), try GlanceServer())
        let other = one.url.replacing("127.0.0.1", with: "localhost") + "/"
        let error = await #expect(throws: TranshipError.self) {
            _ = try await plan(["one": one.url, "again": other], targets: ["one", "again"])
        }
        #expect(error?.code == .invalidPipeline)
        #expect(error?.message.contains("one and again are the same project") == true)
        #expect(try await plan(["one": one.url, "two": two.url], targets: ["one", "two"]) == 2)
    }
}
