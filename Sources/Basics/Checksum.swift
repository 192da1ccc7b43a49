// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// What an image's bytes must hash to, and with which algorithm.
///
/// Glance reports two generations of checksum: `checksum`, always MD5, and
/// `os_hash_value` with `os_hash_algo`. A `Checksum` never guesses between
/// them: the algorithm travels with the value, so an MD5 from an old cloud
/// cannot be mistaken for proof that a SHA-512 would give.
///
/// - Important: ``matches(_:)`` is false across algorithms, never an error.
///   A verifier that needs the other algorithm must hash the bytes again.
public struct Checksum: Hashable, Sendable {
    /// The algorithms that the Image service and publishers of images use.
    public enum Algorithm: String, CaseIterable, Codable, Sendable {
        case md5, sha1, sha256, sha512

        /// How many hexadecimal digits a value has.
        public var digitCount: Int {
            switch self {
            case .md5: 32
            case .sha1: 40
            case .sha256: 64
            case .sha512: 128
            }
        }
    }

    public let algorithm: Algorithm

    /// Lowercase hexadecimal, exactly ``Algorithm/digitCount`` digits long.
    public let value: String

    /// - Throws: ``TranshipError/Code/invalidChecksum`` when the digits do not
    ///   fit the algorithm. Digits of either case are accepted.
    public init(_ algorithm: Algorithm, _ digits: String) throws(TranshipError) {
        guard digits.utf8.count == algorithm.digitCount, digits.utf8.allSatisfy(Self.isHexDigit)
        else {
            throw TranshipError(
                .invalidChecksum,
                "a \(algorithm.rawValue) checksum has \(algorithm.digitCount) hexadecimal digits, "
                    + "but \"\(digits.prefix(140))\" has \(digits.count) characters",
                hint: "copy the whole value, without spaces or the file name after it")
        }
        self.algorithm = algorithm
        self.value = digits.lowercased()
    }

    /// Parses `algorithm:hexdigits`, as written in a pipeline file.
    ///
    /// - Throws: ``TranshipError/Code/invalidChecksum`` when the algorithm is
    ///   unknown or the digits do not fit it.
    public init(_ text: String) throws(TranshipError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let known = Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
        guard parts.count == 2 else {
            throw TranshipError(
                .invalidChecksum, "\"\(text.prefix(140))\" names no checksum algorithm",
                hint: "write it as algorithm:digits, where the algorithm is one of \(known)")
        }
        guard let algorithm = Algorithm(rawValue: parts[0].lowercased()) else {
            throw TranshipError(
                .invalidChecksum, "\"\(parts[0])\" is no checksum algorithm that is known here",
                hint: "use one of \(known)")
        }
        try self.init(algorithm, String(parts[1]))
    }

    /// Equal in algorithm and value. False when the algorithms differ, which
    /// proves nothing either way.
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
    /// `algorithm:digits`, as ``init(_:)`` reads it.
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
