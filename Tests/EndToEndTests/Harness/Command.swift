// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MigrationModel
import Synchronization
import TestSupport
import Testing

/// How a command ended and what it said.
struct Outcome: Sendable {
    /// The exit status; 128 and the signal's number where a signal ended it.
    var status: Int32
    var output: String
    var talk: String
    var seconds: Double

    /// Standard output as JSON Lines. A line that is no JSON is an issue.
    var lines: [JSONValue] {
        output.split(separator: "\n").compactMap { line in
            let value = try? JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
            if value == nil { Issue.record("no JSON: \(line)") }
            return value
        }
    }

    func lines(_ type: String) -> [JSONValue] {
        lines.filter { $0["type"]?.string == type }
    }

    /// All that it said, for the comment of an expectation.
    /// What it said on both, for what may stand on either.
    var everything: String { output + talk }
    var said: Comment { "exit \(status)\n\(output)\n\(talk)" }
}

/// The built `tranship`, started and still running.
final class RunningCommand: Sendable {
    let pid: Int32
    let started = ContinuousClock.now
    private let outputFile: URL
    private let talkFile: URL
    private let ending: Task<Int32, Never>
    private let peak = Mutex<Int64>(0)

    /// Beside the tests, where the build puts both.
    static let binary = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("tranship")

    /// - Parameter shell: commands for a shell that then becomes the binary,
    ///   for limits that only a shell can set.
    init(
        _ arguments: [String], environment: [String: String], folder: URL, shell: String? = nil,
        binary: URL = binary
    ) throws {
        let name = "command-\(UUID().uuidString.prefix(8))"
        outputFile = folder.appendingPathComponent("\(name).out")
        talkFile = folder.appendingPathComponent("\(name).err")
        let process = Process()
        if let shell {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "\(shell); exec \"$0\" \"$@\"", binary.path] + arguments
        } else {
            process.executableURL = binary
            process.arguments = arguments
        }
        process.environment = environment
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.created(outputFile)
        process.standardError = try Self.created(talkFile)
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { process in
            let isSignal = process.terminationReason == .uncaughtSignal
            continuation.yield(process.terminationStatus + (isSignal ? 128 : 0))
            continuation.finish()
        }
        try process.run()
        let pid = process.processIdentifier
        self.pid = pid
        Task {
            guard let status = await overlookedExit(of: pid) else { return }
            continuation.yield(status)
            continuation.finish()
        }
        ending = Task {
            for await status in stream { return status }
            return -1
        }
    }

    private static func created(_ file: URL) throws -> FileHandle {
        try Data().write(to: file)
        return try FileHandle(forWritingTo: file)
    }

    func signal(_ number: Int32) { kill(pid, number) }

    /// What it has said so far on standard error.
    var talk: String { (try? String(contentsOf: talkFile, encoding: .utf8)) ?? "" }

    /// What it has said so far on standard output.
    var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }

    /// Waits for the end. What hangs is ended by force, and is an issue.
    func outcome(withinSeconds limit: Double = 180) async -> Outcome {
        let watchdog = Task { [pid] in
            try await Task.sleep(for: .seconds(limit))
            Issue.record("the command did not end within \(limit) s")
            kill(pid, SIGKILL)
        }
        let status = await ending.value
        watchdog.cancel()
        let seconds = ContinuousClock.now - started
        return Outcome(
            status: status, output: output, talk: talk,
            seconds: Double(seconds.components.seconds)
                + Double(seconds.components.attoseconds) / 1e18)
    }

    /// Looks at the kernel's high-water mark of resident memory until the end.
    ///
    /// (`wait4` would count the memory of the process that forked as well.)
    func peakMemoryMebibytes() async -> Double {
        var peak = 0.0
        while true {
            guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
                let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
                let kibibytes = Double(line.filter(\.isNumber))
            else { return peak }
            peak = max(peak, kibibytes / 1024)
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
