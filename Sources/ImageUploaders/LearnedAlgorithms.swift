// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import OpenStackImage
internal import Synchronization

/// Which digest a cloud reports, asked once for each target and run.
final class LearnedAlgorithms: Sendable {
    private let known = Mutex<[String: Checksum.Algorithm]>([:])

    func algorithm(
        of targetKey: String, asking service: ImageService
    ) async throws(TranshipError) -> Checksum.Algorithm {
        if let algorithm = known.withLock({ $0[targetKey] }) { return algorithm }
        // The strongest comes first.
        guard let algorithm = try await service.reportedAlgorithms().first else { return .sha512 }
        known.withLock { $0[targetKey] = algorithm }
        return algorithm
    }
}
