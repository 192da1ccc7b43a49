// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ByteStreams
import Foundation
import MigrationPipeline
import TestSupport

/// The disk of one of the lab's services, on which there is no room for large
/// files while somebody works. Small ones, everybody else's, find room.
actor FullDisk {
    static let beta = FullDisk("beta")
    private static let mebibytes = 16

    private let cloud: String
    private var users = 0
    private var change: Task<Void, any Error>?

    private init(_ cloud: String) { self.cloud = cloud }

    nonisolated func `while`<Value: Sendable>(
        _ work: @Sendable () async throws -> Value
    ) async throws -> Value {
        let result: Result<Value, any Error>
        do {
            try await enter()
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
        try await leave()
        return try result.get()
    }

    private func enter() async throws {
        users += 1
        try await set(["fill", cloud, "\(Self.mebibytes)"])
    }

    private func leave() async throws {
        users -= 1
        guard users == 0 else { return }
        try await set(["mend", cloud])
    }

    /// One after the other, in the order of the calls.
    private func set(_ arguments: [String]) async throws {
        let before = change
        let next = Task {
            _ = await before?.result
            try await Lab.run(arguments)
        }
        change = next
        try await next.value
    }
}

extension SpoolDisk {
    /// A disk that holds so many bytes, all of them in one folder.
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
