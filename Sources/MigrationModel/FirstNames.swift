// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The first names of a list that may be long, with the number of all names.
public struct FirstNames: Hashable, Sendable {
    /// The number of names to keep. More names are only counted.
    public static let namesMax = 3

    public private(set) var names: [String] = []
    public private(set) var count = 0

    public init() {}

    /// - Parameters:
    ///   - names: only the first ``namesMax`` are kept.
    ///   - count: the number of all names; nil if `names` has all of them.
    public init(_ names: [String], of count: Int? = nil) {
        self.names = Array(names.prefix(Self.namesMax))
        self.count = count ?? names.count
    }

    public mutating func add(_ name: String) {
        count += 1
        if names.count < Self.namesMax { names.append(name) }
    }

    /// `a, b, c and 3 more`
    public var words: String {
        names.joined(separator: ", ")
            + (count > names.count ? " and \(count - names.count) more" : "")
    }
}
