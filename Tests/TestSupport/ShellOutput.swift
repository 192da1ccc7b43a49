// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation

/// Returns the output of a shell command. BLOCKS until it ends.
public func output(of command: String, in folder: TemporaryFolder) throws -> [UInt8] {
    try output(of: command, inFolder: folder.path)
}

/// Returns the output of a shell command in the given folder. BLOCKS until it ends.
public func output(of command: String, inFolder folder: String) throws -> [UInt8] {
    let pid = try ChildProcess.start(
        ["/bin/sh", "-c", "(\(command)) > output.data 2> talk.data"], folder: folder)
    let status = ChildProcess.wait(for: pid)
    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }
    guard status == 0 else {
        throw TranshipError(
            .unclassified,
            "\(command): \(String(decoding: try bytes("talk.data"), as: UTF8.self))")
    }
    return try bytes("output.data")
}
