// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation

/// What a command of the shell writes. BLOCKS until it ends.
public func output(of command: String, in folder: TemporaryFolder) throws -> [UInt8] {
    try output(of: command, inFolder: folder.path)
}

/// The same in a folder of the caller's.
public func output(of command: String, inFolder folder: String) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "(\(command)) > output.data 2> talk.data"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }
    guard process.terminationStatus == 0 else {
        throw TranshipError(
            .unclassified,
            "\(command): \(String(decoding: try bytes("talk.data"), as: UTF8.self))")
    }
    return try bytes("output.data")
}
