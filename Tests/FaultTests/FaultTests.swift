// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import MigrationModel
import TestSupport
import Testing

extension Fault {
    static let all = ofSources + ofTargets + ofThisMachine
}

/// Every known fault, caused in a real run, with the expected result.
///
/// The target is a cloud of the lab. Each fault has a server of its own in front of that cloud, or
/// a source of its own, and an image under a name of its own.
@Suite(.enabled(if: Lab.isUp, "needs the lab: scripts/lab up"), .atLab)
struct FaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let fault: Fault
        let way: Fault.Way
        var testDescription: String { "\(fault.side.rawValue): \(fault.name) (\(way.rawValue))" }
    }

    static let cases = Fault.all.flatMap { fault in
        fault.ways.map { Case(fault: fault, way: $0) }
    }

    @Test(arguments: cases)
    func `A fault ends as it should, and the next run leaves the image once and right`(
        _ one: Case
    ) async throws {
        let scene = try await FaultScene(one.fault, one.way)
        do {
            let first: Ended
            if case .local(let fault) = one.fault.setting {
                first = try await fault.run(scene)
                try await fault.repair(scene)
            } else {
                first = try await scene.run()
            }
            await expect(one.fault.end, first, scene, "the run with the fault")
            try check(one, scene)
            scene.source.heal()
            scene.target.heal()
            let bodies = scene.target.count(.body)
            let next = try await scene.run(paceMax: 10)
            await expect(one.fault.next, next, scene, "the run after it")
            if let words = one.fault.words {
                #expect("\(next)".contains(words), "\(next)")
            }
            #expect(scene.spooled.isEmpty, "\(next)")
            one.fault.check(scene)
            if one.fault.next.isStill {
                #expect(scene.target.count(.body) == bodies, "\(next)")
            }
        } catch {
            await scene.cleanUp()
            throw error
        }
        await scene.cleanUp()
    }

    private func expect(
        _ end: Fault.End, _ ended: Ended, _ scene: FaultScene, _ which: String
    ) async {
        let said = "\(which): \(ended)"
        if ended.status == nil {
            #expect(ended.exit == end.exit, "\(said)")
            let states = end.state.map { Array(repeating: $0, count: scene.fault.images) }
            #expect(ended.states == states ?? [], "\(said)")
            #expect(ended.code == end.code?.rawValue, "\(said)")
            // A busy service may notice a broken body only when the next one comes. Then it refuses
            // that one, once or until it gets another record, so there are more tries.
            let refusals = [
                "from saving to saving", "from uploading to uploading", "has data on staging",
            ]
            let late = refusals.contains { "\(ended)".contains($0) } ? 3 : 0
            #expect(
                (0...late).contains { end.failedTries.contains(ended.failedTries - $0) },
                "\(said)")
        } else {
            // The process ended with that status, or was killed.
            let statuses: [Int32] = [end.exit.rawValue, 128 + 9]
            #expect(statuses.contains(ended.status ?? -1), "\(said)")
        }
        // A service needs a moment to notice that a body broke off.
        let expected = scene.names.map { _ in end.left }
        var left: [Fault.End.Left?]?
        for _ in 0..<100 {
            left = try? await scene.left()
            if left == expected { break }
            try? await Task.sleep(for: .milliseconds(100))
        }
        #expect(left == expected, "\(said)")
    }

    /// Checks the promises of single faults besides the end of the run.
    private func check(_ one: Case, _ scene: FaultScene) throws {
        for request in scene.source.requestsElsewhere {
            #expect(request[header: "authorization"] == nil)
        }
        if case .source(let fault) = one.fault.setting, fault.keys.contains("Authorization") {
            #expect(!scene.source.requestsElsewhere.isEmpty)
            #expect(
                scene.source.requests.allSatisfy { $0[header: "authorization"] == "Bearer abc" })
        }
        for request in scene.target.requests { #expect(request[header: "expect"] == nil) }
    }
}
