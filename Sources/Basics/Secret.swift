// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A value that must not be shown: a password, a token, a signed URL.
///
/// Printing, interpolating or dumping it gives `<redacted>`, and its mirror has no children. It is
/// not `Codable`, so it cannot get into a journal or a report.
public struct Secret<Value: Sendable>: Sendable {
    /// The value itself. Use `.revealed` only to send the value to the service that it is for.
    public let revealed: Value

    public init(_ value: Value) {
        revealed = value
    }
}

extension Secret: Equatable where Value: Equatable {}
extension Secret: Hashable where Value: Hashable {}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var debugDescription: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
