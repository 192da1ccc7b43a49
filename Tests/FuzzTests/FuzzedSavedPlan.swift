// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Glibc
import TranshipKit

/// Bytes as the file that `plan --save` writes.
enum FuzzedSavedPlan {
    static func run(_ bytes: [UInt8]) {
        guard ftruncate(file, 0) == 0, pwrite(file, bytes, bytes.count, 0) == bytes.count else {
            preconditionFailure("cannot write \(path)")
        }
        guard let plan = try? SavedPlan.read(from: path) else { return }
        _ = try? plan.check(against: plan)
        var other = plan
        other.entries.removeAll()
        _ = try? plan.check(against: other)
    }

    /// A file in memory, which disappears with the process.
    private static let file: CInt = {
        let name = "/tranship-fuzz-\(getpid())"
        let file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
        precondition(file >= 0 && shm_unlink(name) == 0, "cannot make a file in memory")
        return file
    }()
    private static let path = "/proc/self/fd/\(file)"
}
