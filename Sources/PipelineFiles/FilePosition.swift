// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A place in a pipeline file, as compilers and editors write it.
public struct FilePosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The path as the operator gave it.
    public let file: String
    /// From 1.
    public let line: Int
    /// From 1, counted in Unicode scalars.
    public let column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public static func < (one: FilePosition, other: FilePosition) -> Bool {
        (one.line, one.column) < (other.line, other.column)
    }

    /// `file:line:column`.
    public var description: String { "\(file):\(line):\(column)" }
}
