// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ByteStreams
import Foundation
import MigrationModel
import TestSupport

/// What goes wrong on the machine where the run is.
struct LocalFault: Sendable {
    var source = SourceFault.none
    var target: [TargetFault] = []
    /// The run in which it happens.
    let run: @Sendable (FaultScene) async throws -> Ended
    /// Puts right what an operator would have to.
    var repair: @Sendable (FaultScene) throws -> Void = { _ in }
}

/// The built command, for what ends or confines a whole process.
enum Command {
    private static let binary = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("tranship")

    /// Runs the scene's pipeline.
    ///
    /// - Parameters:
    ///   - shell: commands for a shell that then becomes the binary.
    ///   - meanwhile: gets the process id of the started binary.
    static func run(
        _ scene: FaultScene, shell: String = "true",
        meanwhile: @Sendable (Int32) async -> Void = { _ in }
    ) async throws -> Ended {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c", "\(shell); exec ${AS:-} \"$0\" \"$@\"", binary.path, "run", scene.pipelineFile,
            "--journal", scene.journal,
        ]
        process.environment = scene.environment.merging([
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": scene.folder.path, "SWIFT_BACKTRACE": "enable=no",
        ]) { $1 }
        let talk = scene.folder.file("talk-\(UUID().uuidString.prefix(8))")
        _ = try scene.folder.write([], to: (talk as NSString).lastPathComponent)
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: talk))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { process in
            let isSignal = process.terminationReason == .uncaughtSignal
            continuation.yield(process.terminationStatus + (isSignal ? 128 : 0))
            continuation.finish()
        }
        try process.run()
        let pid = process.processIdentifier
        Task {
            guard let status = await overlookedExit(of: pid) else { return }
            continuation.yield(status)
            continuation.finish()
        }
        await meanwhile(pid)
        var status: Int32 = -1
        for await value in stream {
            status = value
            break
        }
        var ended = Ended(exit: ExitStatus(rawValue: status) ?? .unclassified)
        ended.status = status
        ended.talk = [(try? String(contentsOfFile: talk, encoding: .utf8)) ?? ""]
        return ended
    }
}
