// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A value that must not be shown: a password, a token, a signed URL.
///
/// Printing, interpolating, dumping or mirroring it gives `<redacted>`. It is
/// not `Codable`, so that it cannot slip into a journal or a report.
public struct Secret<Value: Sendable>: Sendable {
    /// The value itself. Whoever writes `.revealed` is sending it to where it
    /// belongs, and nowhere else.
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
