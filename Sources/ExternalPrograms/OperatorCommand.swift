// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import Subprocess

/// A command that an operator wrote into a pipeline file as a list of words.
///
/// No shell interprets the words. The command inherits the operator's environment. Its output goes
/// to the standard error of this process, unless ``output(timeoutSeconds:)`` returns it.
public struct OperatorCommand: Sendable {
    /// The program and its arguments.
    private let words: [String]

    /// - Precondition: `words` is not empty.
    public init(_ words: [String]) {
        precondition(!words.isEmpty, "a command has a program")
        self.words = words
    }

    /// Runs the command to its end. On a timeout or a cancellation, kills the command and the
    /// processes that it started.
    ///
    /// - Parameters:
    ///   - input: the data for its standard input.
    ///   - environment: variables to set in addition to the operator's own.
    /// - Throws: ``TranshipError/Code/unclassified`` if the command cannot be started, does not end
    ///   in time, or ends with an exit code other than 0 or by a signal.
    public func run(
        input: [UInt8], environment: [String: String], timeoutSeconds: Double
    ) async throws(TranshipError) {
        let file = try Self.file(with: input)
        defer { close(file) }
        let status: TerminationStatus?
        do {
            status = try await result(withinSeconds: timeoutSeconds) {
                try await start(file, environment)
            }
        } catch {
            throw cannotRun(error)
        }
        switch status {
        case nil:
            throw TranshipError(
                .unclassified, "\(name) did not end within \(Int(timeoutSeconds)) seconds")
        case .exited(0): return
        case .exited(let code):
            throw TranshipError(.unclassified, "\(name) ended with exit code \(code)")
        case .signaled(let signal):
            throw TranshipError(.unclassified, "signal \(signal) ended \(name)")
        }
    }

    /// The maximum size of the output that ``output(timeoutSeconds:)`` accepts, in bytes.
    private static let outputBytesMax = 1 << 20

    /// Runs the command to its end, with an empty standard input, and returns its standard output.
    ///
    /// - Throws: as ``run(input:environment:timeoutSeconds:)``;
    ///   ``TranshipError/Code/interrupted``.
    public func output(timeoutSeconds: Double) async throws(TranshipError) -> [UInt8] {
        let ending: (status: TerminationStatus, output: [UInt8])?
        do {
            ending = try await result(withinSeconds: timeoutSeconds) {
                let ended = try await Subprocess.run(
                    words[0].contains("/") ? .path(Self.literal(words[0])) : .name(words[0]),
                    arguments: Arguments(Array(words.dropFirst())), environment: .inherit,
                    input: .none, output: .bytes(limit: Self.outputBytesMax),
                    error: .currentStandardError)
                return (ended.terminationStatus, ended.standardOutput)
            }
        } catch {
            if Task.isCancelled { throw TranshipError(wrapping: CancellationError()) }
            throw cannotRun(error)
        }
        switch ending?.status {
        case nil:
            throw TranshipError(
                .unclassified, "\(name) did not end within \(Int(timeoutSeconds)) seconds")
        case .exited(0): return ending?.output ?? []
        case .exited(let code):
            throw TranshipError(.unclassified, "\(name) ended with exit code \(code)")
        case .signaled(let signal):
            throw TranshipError(.unclassified, "signal \(signal) ended \(name)")
        }
    }

    /// The program's name for messages. If the operator wrote a whole command line as one word,
    /// only its first part: the rest may hold a secret.
    private var name: String {
        let first = words[0].prefix { !$0.isWhitespace }
        return first.count < words[0].count ? "\(first)…" : words[0]
    }

    private func cannotRun(_ error: any Error) -> TranshipError {
        let words =
            (error as? SubprocessError)?.code == .executableNotFound
            ? "it was not found, or may not be executed"
            : "\(error)".replacing(self.words[0], with: name)
        return TranshipError(
            .unclassified, "cannot run \(name): \(words)",
            hint: isWholeLine ? Self.wordsHint : nil)
    }

    /// True if the command is one word that looks like a whole line.
    private var isWholeLine: Bool { words.count == 1 && name != words[0] }

    private static let wordsHint =
        "write a list with each word by itself, such as [prog, --option, value]; no shell reads "
        + "them"

    private func start(
        _ file: Int32, _ more: [String: String]
    ) async throws -> TerminationStatus {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
        ]
        var keyed: [Environment.Key: String?] = [:]
        for (name, value) in more { keyed[Environment.Key(stringLiteral: name)] = value }
        return try await Subprocess.run(
            words[0].contains("/") ? .path(Self.literal(words[0])) : .name(words[0]),
            arguments: Arguments(Array(words.dropFirst())),
            environment: .inherit.updating(keyed), platformOptions: options,
            input: .fileDescriptor(
                try Self.value(file), closeAfterSpawningProcess: false),
            output: .currentStandardError, error: .currentStandardError
        ).terminationStatus
    }

    /// Creates a temporary file without a name that contains these bytes, positioned at its start.
    /// A pipe would not do: a program that does not read would block us, and one that ends before
    /// it has read everything would break the pipe.
    private static func file(with bytes: [UInt8]) throws(TranshipError) -> Int32 {
        var template = Array(
            (NSTemporaryDirectory() + "tranship-" + String(repeating: "X", count: 6)).utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else {
            throw TranshipError(
                .unclassified,
                "cannot make a file in \(NSTemporaryDirectory()): "
                    + String(cString: strerror(errno)))
        }
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        unlink(template)
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let words = String(cString: strerror(errno))
                close(file)
                throw TranshipError(.unclassified, "cannot write the report: \(words)")
            }
            offset += count
        }
        lseek(file, 0, SEEK_SET)
        return file
    }

    /// Converts a path to the type of the system module, which this target does not import.
    private static func literal<Path: ExpressibleByStringLiteral>(_ text: String) -> Path
    where Path.StringLiteralType == String {
        Path(stringLiteral: text)
    }

    /// Converts a file descriptor to the type of that module.
    private static func value<Descriptor: RawRepresentable>(
        _ number: Int32
    ) throws(TranshipError) -> Descriptor where Descriptor.RawValue == Int32 {
        guard let descriptor = Descriptor(rawValue: number) else {
            throw TranshipError(.unclassified, "\(number) is not a file descriptor")
        }
        return descriptor
    }
}
