// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import MigrationModel
internal import OpenStackImage
internal import Synchronization

/// Which digest a cloud reports, learned from the newest image that has one.
///
/// `os_hash_algo` is a setting of the cloud that no call tells in advance, so
/// the newest active image is the best witness. Until there is one it is
/// sha512, the service's default; md5 where only `checksum` is reported.
final class LearnedAlgorithms: Sendable {
    private let known = Mutex<[String: Checksum.Algorithm]>([:])

    func algorithm(
        of targetKey: String, asking service: ImageService
    ) async throws(MigrationError) -> Checksum.Algorithm {
        if let algorithm = known.withLock({ $0[targetKey] }) { return algorithm }
        var query = ImageQuery()
        query.status = "active"
        query.sort = [.init("created_at", ascending: false)]
        query.pageLimit = 1
        var newest: Image?
        for try await page in service.images(query) {
            newest = page.first
            break
        }
        // The strongest comes first in `checksums`. What was not seen is not
        // remembered: our own first image will tell.
        guard let algorithm = newest?.checksums.first?.algorithm else { return .sha512 }
        known.withLock { $0[targetKey] = algorithm }
        return algorithm
    }
}
