// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import CSpawn
internal import Foundation

/// Starts commands and waits for them, with the system's own calls.
///
/// Does not use Foundation's `Process`: it copies all entries of `/proc/self/fd`, reads beyond the
/// last one, and crashed test processes with about 1,500 open files. It also learns of an end
/// through a socket that a daemon, started at that moment, may inherit and keep open.
public enum ChildProcess {
    /// The descriptors of which the child gets copies; nil for `/dev/null`.
    public struct Descriptors {
        public var input: Int32?
        public var output: Int32?
        public var talk: Int32?

        public init(input: Int32? = nil, output: Int32? = nil, talk: Int32? = nil) {
            (self.input, self.output, self.talk) = (input, output, talk)
        }
    }

    /// Starts a command, and gives it no other descriptor and no blocked signal.
    ///
    /// - Parameters:
    ///   - command: the program, by its path or by its name in `PATH`, and its arguments.
    ///   - environment: nil for that of this process.
    ///   - folder: the folder in which the command runs; nil for that of this process.
    /// - Returns: its process id, for ``wait(for:)``.
    public static func start(
        _ command: [String], environment: [String: String]? = nil, folder: String? = nil,
        _ descriptors: Descriptors = Descriptors()
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let folder { posix_spawn_file_actions_addchdir_np(&actions, folder) }
        let ends = [descriptors.input, descriptors.output, descriptors.talk]
        for (number, descriptor) in zip(Int32(0)..., ends) {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, number)
            } else {
                posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
            }
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        // Otherwise a child would inherit the signals that threads of Dispatch block.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let variables = environment ?? ProcessInfo.processInfo.environment
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] =
            variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + settings { free(text) } }
        var pid: Int32 = 0
        let code = posix_spawnp(&pid, command[0], &actions, &attributes, &arguments, &settings)
        guard code == 0 else {
            throw CocoaError(
                .executableLoad,
                userInfo: [NSFilePathErrorKey: command[0], NSLocalizedFailureReasonErrorKey: code])
        }
        return pid
    }

    /// Waits for the end. BLOCKS.
    ///
    /// - Returns: the exit code; 128 and the signal's number if a signal ended it.
    public static func wait(for pid: Int32) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) != pid {
            guard errno == EINTR else { return -1 }
        }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}

/// The two ends of a pipe, which no child inherits.
public struct PipeEnds: Sendable {
    public let reading: Int32
    public let writing: Int32

    public init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw CocoaError(.fileWriteUnknown) }
        (reading, writing) = (ends[0], ends[1])
    }

    /// Returns the text that arrives up to the end. BLOCKS.
    ///
    /// - Parameter lines: the number of lines to wait for; nil for all.
    public func text(lines: Int? = nil) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while lines.map({ bytes.count { $0 == 10 } < $0 }) ?? true {
            let count = read(reading, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
