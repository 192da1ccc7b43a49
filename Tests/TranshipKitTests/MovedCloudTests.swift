// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import GlanceServer
import MigrationModel
import TestSupport
import Testing

@testable import TranshipKit

/// Commands that act from the journal while an entry of clouds.yaml leads to another place than in
/// the run.
@Suite(.timeLimit(.minutes(2))) struct MovedCloudTests {
    private let scene: CloudScene

    init() throws {
        scene = try CloudScene("old")
        scene.put()
    }

    /// A change of the entries of clouds.yaml.
    enum Move: String, CaseIterable {
        case otherCloud, otherProject, otherSource

        var leading: [String: String] {
            switch self {
            case .otherCloud: ["beta": "old"]
            case .otherProject: [:]
            case .otherSource: ["alpha": "old"]
            }
        }

        var projects: [String: String] { self == .otherProject ? ["beta": "other"] : [:] }

        var words: String {
            switch self {
            case .otherCloud: "\n  target beta: Image service: "
            case .otherProject: "\n  target beta: project: "
            case .otherSource: "\n  source alpha: Image service: "
            }
        }
    }

    /// Begins run 1, which is stopped after its plan.
    private func interrupt() async throws -> Run {
        let run = try await scene.start()
        let plan = try await run.plan()
        run.stop(drains: false)
        #expect(try await run.carryOut(plan).exitStatus == .interrupted)
        return try await interrupted
    }

    /// The journal's last run.
    private var interrupted: Run {
        get async throws {
            let path = scene.folder.file("journal.sqlite")
            return try #require(try await RunStatus.read(journalPath: path)?.run)
        }
    }

    @Test(arguments: Move.allCases)
    func `resume refuses another place, names both, and goes on in its own`(
        move: Move
    ) async throws {
        let run = try await interrupt()
        for _ in 1...2 {
            let error = await failure {
                _ = try await scene.start(
                    leading: move.leading, projects: move.projects, resuming: run
                ).plan()
            }
            #expect(error?.code == .placeChanged)
            #expect(error.map { MigrationModel.ExitStatus($0) } == .differences)
            #expect(error?.message.hasPrefix("the clouds are not those of run 1:") == true)
            #expect(error?.message.contains(move.words) == true, "\(error?.message ?? "")")
            #expect(error?.hint?.contains("`tranship run ") == true)
        }
        let isEmpty = try scene.beta.ids.isEmpty && scene.cloud("old").ids.isEmpty
        #expect(isEmpty)
        let last = try await interrupted
        #expect(last.id == run.id && last.isInterrupted)
        let own = try await scene.start(resuming: run)
        #expect(try await own.carryOut(try await own.plan()).images(in: .done) == 1)
        #expect(scene.beta.ids.count == 1)
    }

    @Test(arguments: ["rollback", "clean", "prune", "series rollback"], Move.allCases)
    func `What acts on copies refuses another target`(work: String, move: Move) async throws {
        _ = try await scene.run(to: "{ cloud: beta }")
        func act(leading: [String: String], projects: [String: String]) async throws {
            let run = try await scene.start(leading: leading, projects: projects)
            switch work {
            case "rollback": _ = try await run.undo(run: 1, removes: true) { _ in }
            case "clean": _ = try await run.clean(removes: true) { _ in }
            case "prune": _ = try await run.prunable()
            default: _ = try await run.rollback(series: "none", to: nil)
            }
        }
        let error = await failure {
            try await act(leading: move.leading, projects: move.projects)
        }
        // None of these commands reads the source.
        let isRefused = move != .otherSource
        #expect((error?.code == .placeChanged) == isRefused, "\(error?.message ?? "")")
        if isRefused {
            #expect(error?.message.contains(move.words) == true)
            #expect(scene.beta.ids.count == 1)
            let own = await failure { try await act(leading: [:], projects: [:]) }
            #expect(own?.code != .placeChanged)
        }
    }

    /// Ends with the run, which holds the journal.
    private func run(
        leading: [String: String] = [:], projects: [String: String] = [:]
    ) async throws {
        let run = try await scene.start(leading: leading, projects: projects)
        _ = try await run.carryOut(try await run.plan())
    }

    @Test func `A later run makes the new addresses of a project known, and no other project`()
        async throws
    {
        _ = try await scene.run(to: "{ cloud: beta }")
        // The cloud has moved; its project is the same.
        try await run(leading: ["beta": "old"])
        let found = await failure {
            _ = try await scene.start(leading: ["beta": "old"]).undo(run: 1, removes: false) { _ in
            }
        }
        #expect(found == nil)
        try await run(projects: ["beta": "other"])
        func rollback(_ number: Int64) async -> TranshipError? {
            await failure {
                _ = try await scene.start(projects: ["beta": "other"])
                    .undo(run: number, removes: false) { _ in }
            }
        }
        #expect(await rollback(1)?.code == .placeChanged)
        #expect(await rollback(3) == nil)
    }
}
