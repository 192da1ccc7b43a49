// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A checksum and its algorithm.
///
/// Glance reports two checksums: `checksum`, which is always MD5, and `os_hash_value` with
/// `os_hash_algo`. The algorithm stays with the value, so that an MD5 from an old cloud never
/// counts as the stronger proof that a SHA-512 gives.
///
/// - Important: ``matches(_:)`` is false across algorithms and never throws. To compare with
///   another algorithm, hash the bytes again.
public struct Checksum: Hashable, Sendable {
    /// The algorithms that the Image service and the publishers of images use.
    public enum Algorithm: String, CaseIterable, Codable, Sendable {
        case md5, sha1, sha256, sha512

        static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

        /// The number of hexadecimal digits of a value.
        public var digitCount: Int {
            switch self {
            case .md5: 32
            case .sha1: 40
            case .sha256: 64
            case .sha512: 128
            }
        }
    }

    /// The algorithm of ``value``.
    public let algorithm: Algorithm

    /// Lowercase hexadecimal digits, ``Algorithm/digitCount`` of them.
    public let value: String

    /// Accepts digits of either case.
    ///
    /// - Throws: ``TranshipError/Code/invalidChecksum`` if the digits do not fit the algorithm.
    public init(_ algorithm: Algorithm, _ digits: String) throws(TranshipError) {
        // Thousands of images have two checksums each, and bytes are faster to check than
        // characters.
        var digits = digits
        guard digits.utf8.count == algorithm.digitCount,
            digits.withUTF8({ $0.allSatisfy(Self.isHexDigit) })
        else {
            throw TranshipError(
                .invalidChecksum,
                "a \(algorithm.rawValue) checksum has \(algorithm.digitCount) hexadecimal digits, "
                    + "but \"\(digits.prefix(140))\" has \(digits.count) characters",
                hint: "copy the whole value, without spaces or the file name after it")
        }
        self.algorithm = algorithm
        let isLower = digits.withUTF8 { !$0.contains { (0x41...0x46).contains($0) } }
        self.value = isLower ? digits : digits.lowercased()
    }

    /// Reads `algorithm:digits`, as in a pipeline file.
    ///
    /// - Throws: ``TranshipError/Code/invalidChecksum`` if the algorithm is unknown or the digits
    ///   do not fit it.
    public init(_ text: String) throws(TranshipError) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            let likely = Algorithm.allCases.first { (try? Checksum($0, text)) != nil }
            throw TranshipError(
                .invalidChecksum, "\"\(text.prefix(140))\" does not name a checksum algorithm",
                hint: likely.map {
                    "its length is that of \($0.rawValue): write \($0.rawValue):\(text)"
                }
                    ?? "write it as algorithm:digits, where the algorithm is one of "
                    + Algorithm.names)
        }
        let name = text[..<colon]
        guard let algorithm = Algorithm(rawValue: name.lowercased()) else {
            throw TranshipError(
                .invalidChecksum, "\"\(name)\" is not a known checksum algorithm",
                hint: (Nearest.to(String(name), in: Algorithm.allCases.map(\.rawValue)).map {
                    "did you mean \($0)? "
                } ?? "") + "use one of \(Algorithm.names)")
        }
        try self.init(algorithm, String(text[text.utf8.index(after: colon)...]))
    }

    /// True if algorithm and value are equal. False for different algorithms, which proves nothing
    /// either way.
    public func matches(_ other: Checksum) -> Bool {
        algorithm == other.algorithm && value == other.value
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}

extension Checksum: CustomStringConvertible {
    /// `algorithm:digits`, the form that ``init(_:)`` reads.
    public var description: String { "\(algorithm.rawValue):\(value)" }
}

extension Checksum: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Checksum {
    /// The result of comparing reported checksums with the known checksums of some data.
    public enum Comparison: Hashable, Sendable {
        /// The data is the same: every checksum that can be compared is equal. The value lists
        /// them.
        case same([Checksum])
        /// The report is about other data.
        case other(known: Checksum, reported: Checksum)
        /// No reported algorithm is known, so nothing is proved.
        case incomparable
    }

    /// Compares the reported checksums with the known checksums of the data. No other code decides
    /// whether two sets of checksums are of the same data.
    public static func compare(_ known: [Checksum], with reported: [Checksum]) -> Comparison {
        var same: [Checksum] = []
        for checksum in reported {
            let own = known.filter { $0.algorithm == checksum.algorithm }
            if let other = own.first(where: { !$0.matches(checksum) }) {
                return .other(known: other, reported: checksum)
            }
            if !own.isEmpty { same.append(checksum) }
        }
        return same.isEmpty ? .incomparable : .same(same)
    }
}
