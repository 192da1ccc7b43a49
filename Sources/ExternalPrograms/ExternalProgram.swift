// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import Subprocess

/// A program of the system that does a part of the work, such as `gpgv`.
public struct ExternalProgram: Sendable {
    public let name: String
    /// The package that contains the program, for the hint if it is missing: `the package gpgv`.
    let package: String

    public init(_ name: String, package: String) {
        self.name = name
        self.package = package
    }

    /// The exit code and the output of a program that has ended.
    public struct Ending: Sendable {
        /// The exit code; nil if a signal ended the program.
        public var exitCode: Int32?
        public var output: [UInt8]
        /// The text that the program wrote to standard error.
        public var talk: String
    }

    /// The maximum size of each of a program's two outputs, in bytes.
    private static let outputBytesMax = 8 << 20

    /// Runs the program to its end. Its standard input is empty. Of this process's environment, it
    /// gets only `PATH`.
    ///
    /// Cancelling the task kills the program.
    ///
    /// - Parameters:
    ///   - home: the value of `HOME` for the program.
    ///   - tries: how often the program is started at most, if it does not end in time.
    ///   - wrapper: a command, with its arguments, that runs the program.
    /// - Throws: ``TranshipError/Code/unclassified`` if it is missing, cannot be started, or takes
    ///   too long; ``TranshipError/Code/interrupted``.
    public func run(
        _ arguments: [String], home: String, timeoutSeconds: Double, tries: Int = 1,
        wrapper: [String] = []
    ) async throws(TranshipError) -> Ending {
        let command = try wrapper + [path()] + arguments
        let environment = ["PATH": Self.searchPath, "HOME": home, "LC_ALL": "C"]
        var ending: Ending?
        do {
            for _ in 0..<tries where ending == nil && !Task.isCancelled {
                ending = try await result(withinSeconds: timeoutSeconds) {
                    try await Self.run(command, environment)
                }
            }
        } catch {
            if Task.isCancelled { throw TranshipError(wrapping: CancellationError()) }
            throw TranshipError(.unclassified, "cannot run \(name): \(error)")
        }
        if Task.isCancelled { throw TranshipError(wrapping: CancellationError()) }
        guard let ending else {
            throw TranshipError(
                .unclassified, "\(name) did not end within \(Int(timeoutSeconds)) seconds")
        }
        return ending
    }

    private static func run(
        _ command: [String], _ environment: [String: String]
    ) async throws -> Ending {
        var keyed: [Environment.Key: String] = [:]
        for (name, value) in environment { keyed[Environment.Key(stringLiteral: name)] = value }
        // Subprocess finds the program in the same PATH that ``path()`` searched.
        let result = try await Subprocess.run(
            .name(PathText.lastComponent(command[0])),
            arguments: Arguments(Array(command.dropFirst())),
            environment: .custom(keyed), input: .none, output: .bytes(limit: outputBytesMax),
            error: .bytes(limit: outputBytesMax))
        var exitCode: Int32?
        if case .exited(let code) = result.terminationStatus { exitCode = code }
        return Ending(
            exitCode: exitCode, output: result.standardOutput,
            talk: String(decoding: result.standardError, as: UTF8.self))
    }

    /// Returns the path of the program.
    ///
    /// - Throws: ``TranshipError/Code/unclassified`` if the program is not installed, or not in
    ///   `PATH`.
    public func path() throws(TranshipError) -> String {
        for folder in Self.searchPath.split(separator: ":") where folder.hasPrefix("/") {
            let path = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw TranshipError(
            .unclassified, "\(name) is not installed, or not in PATH", hint: "install \(package)")
    }

    private static var searchPath: String {
        ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    }
}

/// Returns the result of the work. If the time is up first, cancels the work and returns nil.
func result<Value: Sendable>(
    withinSeconds seconds: Double, of work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
