// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import LabSupport
import TestSupport
import Testing

/// The end of a command and its output.
struct Outcome: Sendable {
    /// The exit code; 128 and the signal's number if a signal ended the command.
    var status: Int32
    var output: String
    var talk: String
    var seconds: Double

    /// Standard output as JSON Lines. A line that is not JSON is an issue.
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

    /// The output on both standard output and standard error, for words that may be on either.
    var everything: String { output + talk }
    var said: Comment { "exit \(status)\n\(output)\n\(talk)" }
}

/// The built `tranship`, started and still running.
final class RunningCommand: Sendable {
    let started = ContinuousClock.now
    private let process: StartedProcess
    private let outputFile: URL
    private let talkFile: URL
    private let peak = Guarded<Int64>(0)

    /// - Parameter shell: commands for a shell that then becomes the binary, for limits that only a
    ///   shell can set.
    init(
        _ arguments: [String], environment: [String: String], folder: URL, shell: String? = nil,
        binary: URL = StartedProcess.tranship
    ) throws {
        let name = "command-\(UUID().uuidString.prefix(8))"
        outputFile = folder.appendingPathComponent("\(name).out")
        talkFile = folder.appendingPathComponent("\(name).err")
        if let shell {
            process = try StartedProcess(
                shell: "\(shell); exec \"$0\" \"$@\"", [binary.path] + arguments,
                environment: environment, folder: folder, output: outputFile, talk: talkFile)
        } else {
            process = try StartedProcess(
                binary, arguments, environment: environment, folder: folder, output: outputFile,
                talk: talkFile)
        }
    }

    var pid: Int32 { process.pid }

    func signal(_ number: Int32) { process.signal(number) }

    /// The text on standard error so far.
    var talk: String { (try? String(contentsOf: talkFile, encoding: .utf8)) ?? "" }

    /// The text on standard output so far.
    var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }

    /// Waits for the end. Kills a command that hangs, and records an issue.
    func outcome(withinSeconds limit: Double = 400) async -> Outcome {
        let watchdog = Task { [pid] in
            try await Task.sleep(for: .seconds(limit))
            Issue.record("the command did not end within \(limit) s")
            kill(pid, SIGKILL)
        }
        let status = await process.status
        watchdog.cancel()
        let seconds = ContinuousClock.now - started
        return Outcome(
            status: status, output: output, talk: talk,
            seconds: Double(seconds.components.seconds)
                + Double(seconds.components.attoseconds) / 1e18)
    }

    /// Watches the kernel's high-water mark of resident memory until the end.
    ///
    /// (`wait4` would also count the memory of the process that forked.)
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
