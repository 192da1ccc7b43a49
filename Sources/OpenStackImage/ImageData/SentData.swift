// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// What went to the service.
public struct SentData: Sendable, Hashable {
    /// How much was read and sent.
    public let sizeBytes: Int64
    /// Computed from the bytes on their way.
    public let checksums: [Checksum]
    /// The one that the service reports too; nil where nothing was compared.
    public internal(set) var proof: Checksum?
}

/// What is computed of data on its way, and what it must come to.
public struct DataPromises: Sendable, Hashable {
    /// All of them must be what the bytes hash to. The last bytes are withheld
    /// until they do, so that no service takes wrong data for whole.
    public var expected: [Checksum]
    /// Computed besides.
    public var algorithms: Set<Checksum.Algorithm>

    /// Nothing is promised and nothing computed unless it is said here.
    public init(expected: [Checksum] = [], computing algorithms: Set<Checksum.Algorithm> = []) {
        self.expected = expected
        self.algorithms = algorithms
    }

    var allAlgorithms: [Checksum.Algorithm] {
        let all = algorithms.union(expected.map(\.algorithm))
        return Checksum.Algorithm.allCases.filter(all.contains)
    }

    /// - Throws: ``TranshipError/Code/checksumMismatch``.
    func check(_ computed: [Checksum], of name: String) throws(TranshipError) {
        for promise in expected {
            guard let found = computed.first(where: { $0.algorithm == promise.algorithm }),
                found != promise
            else { continue }
            throw TranshipError(
                .checksumMismatch, "\(name) hashes to \(found), but \(promise) was promised",
                hint: "get the data again, or correct the checksum; nothing wrong was stored")
        }
    }
}

/// Whether a service has what was sent to it.
enum DataProof {
    /// The checksum that both sides agree on: `os_hash_value`, else
    /// `checksum`. A service that reports none is no proof of anything.
    ///
    /// - Throws: ``TranshipError/Code/verificationMismatch``,
    ///   ``TranshipError/Code/unverifiable``.
    static func match(
        _ computed: [Checksum], sizeBytes: Int64?, with image: Image
    ) throws(TranshipError) -> Checksum {
        if let sizeBytes, let size = image.sizeBytes, size != sizeBytes {
            throw TranshipError(
                .verificationMismatch,
                "\(sizeBytes) bytes are what image \(image.id) must hold, but the service reports "
                    + "\(size)")
        }
        for reported in image.checksums {
            guard let own = computed.first(where: { $0.algorithm == reported.algorithm })
            else { continue }
            guard own == reported else {
                throw TranshipError(
                    .verificationMismatch,
                    "image \(image.id) must hash to \(own), but the service reports \(reported)")
            }
            return own
        }
        let reported = image.checksums.map(\.algorithm.rawValue)
        throw TranshipError(
            .unverifiable,
            reported.isEmpty
                ? "the service reports no checksum of image \(image.id)"
                    + (image.hashAlgorithm.map { ", but \($0)" } ?? "")
                : "the service reports \(reported.joined(separator: " and ")) of image \(image.id), "
                    + "which was not computed",
            hint: "ask for one of the algorithms that it reports, or do without the comparison")
    }
}
