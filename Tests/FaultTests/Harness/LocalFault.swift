// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import MigrationModel
import TestSupport

/// A fault on the machine of the run.
struct LocalFault: Sendable {
    var source = SourceFault.none
    var target: [TargetFault] = []
    /// Performs the run with the fault.
    let run: @Sendable (FaultScene) async throws -> Ended
    /// Makes the repairs that an operator would have to make.
    var repair: @Sendable (FaultScene) async throws -> Void = { _ in }
}

/// The built command, for faults that end or confine a whole process.
enum Command {

    /// Runs the scene's pipeline.
    ///
    /// - Parameters:
    ///   - shell: commands for a shell that then becomes the binary.
    ///   - meanwhile: gets the process id of the started binary.
    static func run(
        _ scene: FaultScene, shell: String = "true",
        meanwhile: @Sendable (Int32) async -> Void = { _ in }
    ) async throws -> Ended {
        let environment = scene.environment.merging([
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": scene.folder.path, "SWIFT_BACKTRACE": "enable=no",
        ]) { $1 }
        let talk = URL(
            fileURLWithPath: scene.folder.file("talk-\(UUID().uuidString.prefix(8))"))
        let process = try StartedProcess(
            shell: "\(shell); exec ${AS:-} \"$0\" \"$@\"",
            [StartedProcess.tranship.path, "run", scene.pipelineFile, "--journal", scene.journal],
            environment: environment, output: talk, talk: talk)
        await meanwhile(process.pid)
        let status = await process.status
        var ended = Ended(exit: ExitStatus(rawValue: status) ?? .unclassified)
        ended.status = status
        ended.talk = [(try? String(contentsOf: talk, encoding: .utf8)) ?? ""]
        return ended
    }
}
