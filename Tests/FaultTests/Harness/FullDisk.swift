// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ByteStreams
import Foundation
import LabSupport
import MigrationPipeline
import TestSupport

/// The disk of one of the lab's services. For one run, it has no room for large files. Small files,
/// and those of other processes, have room.
actor FullDisk {
    static let beta = FullDisk("beta")
    private static let mebibytes = 16

    private let cloud: String
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private init(_ cloud: String) { self.cloud = cloud }

    /// Runs the scene's pipeline without room. Until the scene ends, no other process takes the
    /// room away, so the scene's next run has room.
    nonisolated func run(_ scene: FaultScene) async throws -> Ended {
        await take()
        scene.atEnd { await self.give() }
        try await Lab.run(["fill", cloud, "\(Self.mebibytes)"])
        let result: Result<Ended, any Error>
        do {
            result = .success(try await scene.run())
        } catch {
            result = .failure(error)
        }
        try await Lab.run(["mend", cloud])
        return try result.get()
    }

    private func take() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func give() {
        guard !waiting.isEmpty else {
            isTaken = false
            return
        }
        waiting.removeFirst().resume()
    }
}

extension SpoolDisk {
    /// Returns a disk that holds the given number of bytes, all of them in one folder.
    static func small(_ bytesMax: Int, _ folder: String) -> SpoolDisk {
        SpoolDisk { descriptor, bytes, count, offset in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            let taken = names.reduce(Int64(0)) { sum, name in
                var status = stat()
                return stat("\(folder)/\(name)", &status) == 0 ? sum + Int64(status.st_size) : sum
            }
            var status = stat()
            let own = fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
            guard taken + max(0, offset + Int64(count) - own) <= Int64(bytesMax) else {
                errno = ENOSPC
                return -1
            }
            return pwrite(descriptor, bytes, count, off_t(offset))
        }
    }
}
