// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// Which digests this cloud reports of new images, the strongest first.
    ///
    /// `os_hash_algo` is a setting of the cloud that no call tells in advance,
    /// so the newest active image is the best witness. Empty until there is
    /// one; the service's own default is sha512 and md5.
    public func reportedAlgorithms() async throws(TranshipError) -> [Checksum.Algorithm] {
        var query = ImageQuery()
        query.status = "active"
        query.sort = [.init("created_at", ascending: false)]
        query.pageLimit = 1
        var pages = images(query).makeAsyncIterator()
        let newest = try await pages.next()?.first
        return newest?.checksums.map(\.algorithm) ?? []
    }
}
