// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// A command that a test has started, with an empty standard input.
public final class StartedProcess: Sendable {
    public let pid: Int32
    private let ending: Task<Int32, Never>

    /// The folder with the built commands, which is also that of the tests.
    public static let binaries = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent()

    /// The folder with `tranship`: the one that was built with the tests, or with
    /// `TRANSHIP_COMMAND_FOLDER` another one, such as a release or an installed package.
    public static let commands =
        ProcessInfo.processInfo.environment["TRANSHIP_COMMAND_FOLDER"]
        .map { URL(fileURLWithPath: $0) } ?? binaries

    public static let tranship = commands.appendingPathComponent("tranship")

    /// - Parameters:
    ///   - folder: the folder in which the command runs.
    ///   - output: the file for its standard output.
    ///   - talk: the file for its standard error; may be the same file.
    public init(
        _ executable: URL, _ arguments: [String], environment: [String: String],
        folder: URL? = nil, output: URL, talk: URL
    ) throws {
        let outputEnd = try Self.created(output)
        defer { close(outputEnd) }
        let talkEnd = output == talk ? dup(outputEnd) : try Self.created(talk)
        defer { close(talkEnd) }
        let pid = try ChildProcess.start(
            [executable.path] + arguments, environment: environment, folder: folder?.path,
            .init(output: outputEnd, talk: talkEnd))
        self.pid = pid
        ending = Task { (try? await blocking { ChildProcess.wait(for: pid) }) ?? -1 }
    }

    /// Starts `/bin/sh` in the same way.
    public convenience init(
        shell command: String, _ arguments: [String] = [], environment: [String: String],
        folder: URL? = nil, output: URL, talk: URL
    ) throws {
        try self.init(
            URL(fileURLWithPath: "/bin/sh"), ["-c", command] + arguments,
            environment: environment, folder: folder, output: output, talk: talk)
    }

    private static func created(_ file: URL) throws -> Int32 {
        let descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file.path])
        }
        return descriptor
    }

    public func signal(_ number: Int32) { kill(pid, number) }

    /// The exit code, after a wait for the end; 128 and the signal's number if a signal ended the
    /// command.
    public var status: Int32 { get async { await ending.value } }
}
