// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The data that was sent to the service.
public struct SentData: Sendable, Hashable {
    /// The number of bytes read and sent.
    public let sizeBytes: Int64
    /// The checksums that were computed from the bytes on their way.
    public let checksums: [Checksum]
    /// The checksum that the service reports as well; nil if nothing was compared.
    public internal(set) var proof: Checksum?
}

/// The checksums that data must have, and those to compute.
public struct DataPromises: Sendable, Hashable {
    /// The checksums that the data must have, all of them. The last bytes are withheld until they
    /// are checked, so that no service accepts wrong data as complete.
    public var expected: [Checksum]
    /// The algorithms to compute in addition.
    public var algorithms: Set<Checksum.Algorithm>

    /// Creates promises; by default, nothing is expected and nothing is computed.
    public init(expected: [Checksum] = [], computing algorithms: Set<Checksum.Algorithm> = []) {
        self.expected = expected
        self.algorithms = algorithms
    }

    var allAlgorithms: Set<Checksum.Algorithm> { algorithms.union(expected.map(\.algorithm)) }

    /// Compares computed checksums with the expected ones.
    ///
    /// - Throws: ``TranshipError/Code/checksumMismatch``.
    func check(_ computed: [Checksum], of name: String) throws(TranshipError) {
        if case .other(let found, let promise) = Checksum.compare(computed, with: expected) {
            throw TranshipError(
                .checksumMismatch, "\(name) hashes to \(found), but \(promise) was promised",
                hint: "get the data again, or correct the checksum; the wrong data was not stored")
        }
    }
}

/// The comparison of the service's checksums with those of the sent data.
enum DataProof {
    /// Returns the strongest checksum on which both sides agree: `os_hash_value`, or else
    /// `checksum`. Throws if they have none in common, since nothing is proved then, and if any of
    /// them differs.
    ///
    /// - Throws: ``TranshipError/Code/verificationMismatch``, ``TranshipError/Code/unverifiable``.
    static func match(
        _ computed: [Checksum], sizeBytes: Int64?, with image: Image
    ) throws(TranshipError) -> Checksum {
        if let sizeBytes, let size = image.sizeBytes, size != sizeBytes {
            throw TranshipError(
                .verificationMismatch,
                "image \(image.id) must have \(sizeBytes) bytes, but the service reports \(size)")
        }
        switch Checksum.compare(computed, with: image.checksums) {
        case .same(let proofs): if let strongest = proofs.first { return strongest }
        case .other(let own, let reported):
            throw TranshipError(
                .verificationMismatch,
                "image \(image.id) must have \(own), but the service reports \(reported)")
        case .incomparable: break
        }
        let reported = image.checksums.map(\.algorithm.rawValue)
        throw TranshipError(
            .unverifiable,
            reported.isEmpty
                ? "the service reports no checksum of image \(image.id)"
                    + (image.hashAlgorithm.map { ", but \($0)" } ?? "")
                : "the service reports \(reported.joined(separator: " and ")) of image \(image.id), "
                    + "which was not computed",
            hint: "compute one of the algorithms that it reports, or skip the comparison")
    }
}
