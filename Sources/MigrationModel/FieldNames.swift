// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The fields of a record that a message is about, such as `name` and `properties.os_distro`.
public struct FieldNames: Codable, Hashable, Sendable {
    public let names: [String]

    public init(_ names: [String]) { self.names = names }

    /// The fields that differ, each once, in the order of their names.
    public init(of differences: [FieldDifference]) {
        names = Set(differences.map(\.field)).map(\.words).sorted()
    }

    public init(from decoder: any Decoder) throws {
        names = try [String](from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        try names.encode(to: encoder)
    }
}

extension FieldNames: ExpressibleByStringLiteral {
    public init(stringLiteral name: String) { self.init([name]) }
}

extension FieldNames: CustomStringConvertible {
    public var description: String { names.joined(separator: ", ") }
}
