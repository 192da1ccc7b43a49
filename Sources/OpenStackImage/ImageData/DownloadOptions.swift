// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import HTTPTransport

/// The options of a download: the bytes to read, the stores to read from, and the proof.
public struct DownloadOptions: Sendable, Hashable {
    /// The part to read; nil for the whole. A part cannot be proved, since checksums cover the
    /// whole.
    public var range: ByteSpan?
    /// The stores to read from, best first. For clouds with several stores, since 2026.2.
    public var preferredStores: [String]
    /// The size of a piece: 1 byte to 16 MiB.
    public var bufferBytes: Int
    /// The proof that the bytes need.
    public var proof: Proof

    /// Creates options for the whole image, proved, in pieces of 1 MiB, unless you choose
    /// otherwise.
    public init(
        range: ByteSpan? = nil, preferredStores: [String] = [], bufferBytes: Int = 1 << 20,
        proof: Proof = .required
    ) {
        self.range = range
        self.preferredStores = preferredStores
        self.bufferBytes = bufferBytes
        self.proof = proof
    }

    /// The rule for comparing the bytes with the checksum that the service reports.
    public enum Proof: String, Sendable, CaseIterable {
        /// If the service reports no checksum, nothing is read.
        case required
        /// If the service reports no checksum, the data is read without a proof.
        case wherePossible = "possible"
        /// Only the size is compared.
        case none
    }

    static let bufferBytesMax = 16 << 20

    func checked() throws(TranshipError) {
        guard (1...Self.bufferBytesMax).contains(bufferBytes) else {
            throw TranshipError(
                .usage,
                "a buffer of \(bufferBytes) bytes; it must be 1 to \(Self.bufferBytesMax)")
        }
    }
}

/// A part of the data (RFC 9110, section 14.1.2). Bytes count from 0.
public enum ByteSpan: Sendable, Hashable {
    case from(Int64)
    /// The first and the last byte.
    case bytes(ClosedRange<Int64>)
    /// The last bytes of the data, by their number.
    case last(Int64)

    /// The value of a `Range` header.
    var header: String {
        switch self {
        case .from(let first): "bytes=\(first)-"
        case .bytes(let span): "bytes=\(span.lowerBound)-\(span.upperBound)"
        case .last(let count): "bytes=-\(count)"
        }
    }

    /// The words for messages: "the bytes from 5 on".
    var words: String {
        switch self {
        case .from(let first): "the bytes from \(first) on"
        case .bytes(let span): "the bytes \(span.lowerBound) to \(span.upperBound)"
        case .last(let count): "the last \(count) bytes"
        }
    }

    /// True if these bytes are the requested ones.
    func agrees(with range: ContentRange) -> Bool {
        let end = range.total.map { $0 - 1 }
        switch self {
        case .from(let first):
            return range.first == first && (end == nil || range.last == end)
        case .bytes(let span):
            return range.first == span.lowerBound
                && range.last == min(span.upperBound, end ?? span.upperBound)
        case .last(let count):
            guard let end else { return range.last - range.first + 1 == count }
            return range.last == end && range.first == max(0, end + 1 - count)
        }
    }
}

/// The result of a download.
public struct DownloadedData: Sendable, Hashable {
    /// The number of bytes handed over.
    public let sizeBytes: Int64
    /// The service's checksum, which the bytes match. Nil for a part, or if the service reports
    /// none.
    public let proof: Checksum?
    /// The record, as it was before the first byte.
    public let image: Image
}
