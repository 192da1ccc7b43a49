// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
public import MigrationModel

/// Identifies one state of a file.
public struct FileFacts: Sendable, Hashable {
    public var sizeBytes: Int64
    /// Of the last change.
    public var changedAt: FileTime

    /// The text that ids of copies are derived from: never to be changed.
    var fingerprint: String {
        "\(sizeBytes) \(changedAt.seconds).\(changedAt.nanoseconds)"
    }

    /// - Throws: ``TranshipError/Code/sourceUnavailable`` when it is missing or
    ///   no plain file.
    public init(path: String) throws(TranshipError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileImages.failure("cannot read", path) }
        try self.init(status, path: path)
    }

    init(descriptor: Int32, path: String) throws(TranshipError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileImages.failure("cannot read", path)
        }
        try self.init(status, path: path)
    }

    private init(_ status: stat, path: String) throws(TranshipError) {
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TranshipError(
                .sourceUnavailable, "\(path) is not a plain file",
                hint: "name a file, or a pattern that matches files only")
        }
        sizeBytes = Int64(status.st_size)
        changedAt = FileTime(
            seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int64(status.st_mtim.tv_nsec))
    }
}
