// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// What was sent to the service.
public struct SentData: Sendable, Hashable {
    /// The number of bytes read and sent.
    public let sizeBytes: Int64
    /// Computed from the bytes on their way.
    public let checksums: [Checksum]
    /// The checksum that the service reports too; nil if nothing was compared.
    public internal(set) var proof: Checksum?
}

/// The checksums that data must have, and those to compute.
public struct DataPromises: Sendable, Hashable {
    /// The data must have all of these. The last bytes are withheld until then, so that no service
    /// accepts wrong data as complete.
    public var expected: [Checksum]
    /// Computed in addition.
    public var algorithms: Set<Checksum.Algorithm>

    /// By default nothing is expected and nothing computed.
    public init(expected: [Checksum] = [], computing algorithms: Set<Checksum.Algorithm> = []) {
        self.expected = expected
        self.algorithms = algorithms
    }

    var allAlgorithms: Set<Checksum.Algorithm> { algorithms.union(expected.map(\.algorithm)) }

    /// - Throws: ``TranshipError/Code/checksumMismatch``.
    func check(_ computed: [Checksum], of name: String) throws(TranshipError) {
        if case .other(let found, let promise) = Checksum.compare(computed, with: expected) {
            throw TranshipError(
                .checksumMismatch, "\(name) hashes to \(found), but \(promise) was promised",
                hint: "get the data again, or correct the checksum; the wrong data was not stored")
        }
    }
}

/// Compares what a service reports with what was sent.
enum DataProof {
    /// The strongest checksum on which both sides agree: `os_hash_value`, else `checksum`. Throws if
    /// they agree on none, since nothing is proved then, and if one of both differs.
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
