// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A difference that shows that the target has wrong data.
public enum DataDifference: Codable, Hashable, Sendable {
    /// The side that knows the right data.
    public enum Origin: String, Codable, Sendable {
        /// This process: it saw the bytes.
        case sent
        /// The source.
        case promised
    }

    case checksum(Checksum, Origin, reported: Checksum)
    case size(bytes: Int64, Origin, reportedBytes: Int64)
    /// An import made the data larger than the data that was sent.
    case grown(sentBytes: Int64, toBytes: Int64)
    case diskFormat(sent: String, found: String)
    case containerFormat(sent: String, found: String)

    /// The difference in the words of messages and remarks. No other code words it.
    public var words: String {
        switch self {
        case .checksum(let known, let origin, let reported):
            "\(origin.rawValue) \(known), the target reports \(reported)"
        case .size(let bytes, let origin, let reported):
            "\(bytes) bytes were \(origin.rawValue), the target reports \(reported)"
        case .grown(let sent, let found): "\(sent) bytes -> \(found) bytes"
        case .diskFormat(let sent, let found): "disk format \(sent) -> \(found)"
        case .containerFormat(let sent, let found):
            "container format \(sent) -> \(found)"
        }
    }
}

/// The reason why the target's report proves nothing: no algorithm is known on both sides.
public struct IncomparableDigests: Codable, Hashable, Sendable {
    /// The algorithms that the target reports, each once.
    public var reported: [Checksum.Algorithm]
    /// The algorithms of the checksums that are known here, each once.
    public var known: [Checksum.Algorithm]

    /// Removes duplicates: the source and its checksum list often have the same algorithm.
    public init(reported: [Checksum], known: [Checksum]) {
        (self.reported, self.known) = (Self.algorithms(reported), Self.algorithms(known))
    }

    /// The reason in the words of messages and remarks. No other code words it.
    public var words: String {
        "the target reports \(Self.list(reported) ?? "no checksum"), known here is "
            + (Self.list(known) ?? "none")
    }

    private static func algorithms(_ checksums: [Checksum]) -> [Checksum.Algorithm] {
        var known: Set<Checksum.Algorithm> = []
        return checksums.map(\.algorithm).filter { known.insert($0).inserted }
    }

    private static func list(_ algorithms: [Checksum.Algorithm]) -> String? {
        algorithms.isEmpty ? nil : algorithms.map(\.rawValue).joined(separator: ", ")
    }
}
