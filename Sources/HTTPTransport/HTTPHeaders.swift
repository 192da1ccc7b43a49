// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// Header fields in the order in which they were added or received.
///
/// Names compare without regard to case (RFC 9110, section 5.1). A name may occur several times.
/// Printing shows only values that are known to be harmless.
public struct HTTPHeaders: Sendable, Hashable {
    /// One header line.
    public struct Field: Sendable, Hashable {
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public private(set) var fields: [Field] = []

    /// The fields that are printed. Any other field may hold a credential or a signed URL under a
    /// name of its own.
    private static let harmlessNames: Set<String> = [
        "accept", "accept-encoding", "accept-ranges", "age", "allow", "cache-control", "connection",
        "content-encoding", "content-length", "content-range", "content-type", "date", "etag",
        "expires", "if-range", "keep-alive", "last-modified", "openstack-image-import-methods",
        "openstack-image-store-ids", "range", "retry-after", "server", "transfer-encoding",
        "user-agent", "vary", "via", "x-compute-request-id", "x-openstack-request-id",
    ]

    /// Fields that do not identify the client. Any other field may hold a secret
    /// under a name of its own, such as `PRIVATE-TOKEN`.
    static let impersonalNames: Set<String> = [
        "accept", "accept-encoding", "content-type", "if-range", "range", "user-agent",
    ]

    public init() {}

    /// The first value of this name. Setting replaces all values; nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first { Self.equal($0.name, name) }?.value }
        set {
            fields.removeAll { Self.equal($0.name, name) }
            if let newValue { add(name, newValue) }
        }
    }

    /// All values of this name.
    public func values(_ name: String) -> [String] {
        fields.filter { Self.equal($0.name, name) }.map(\.value)
    }

    /// The declared length of a body in bytes (RFC 9110, section 8.6). Nil without a length, for
    /// text that is not a number from 0 to 2^53, if several lengths differ, and beside a
    /// `Transfer-Encoding`, which overrides it (RFC 9112, section 6.3).
    package var contentLengthBytes: Int64? {
        let lengths = contentLengths
        guard self["Transfer-Encoding"] == nil, lengths.count == 1 else { return nil }
        return lengths.first.flatMap { OutsideNumber.parse($0) }
    }

    /// True if only the end of the connection marks the end of the body (RFC 9112, section 6.3). If
    /// the connection breaks early, the body may look complete.
    package var leavesLengthOpen: Bool {
        self["Content-Length"] == nil && self["Transfer-Encoding"] == nil
    }

    /// The encodings of the body (RFC 9110, section 8.4), in lower case. Leaves out words that do
    /// not change it: some servers write them for data that they send as it is stored.
    package var encodings: [String] {
        values("Content-Encoding").flatMap { $0.split(separator: ",") }
            .map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            .filter { !$0.isEmpty && !Self.plainEncodings.contains($0) }
    }

    private static let plainEncodings: Set = [
        "identity", "none", "binary", "7bit", "8bit", "utf-8", "aws-chunked",
    ]

    /// All declared lengths. More than one is an error (RFC 9112, section 6.3).
    package var contentLengths: Set<String> {
        Set(
            values("Content-Length").flatMap { value in
                guard value.contains(",") else { return [value] }
                return value.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }
            })
    }

    /// Adds a field, even if another one has this name.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// The fields that may go to a host that a redirect chose.
    var forAnotherOrigin: HTTPHeaders {
        var rest = self
        rest.fields.removeAll { !Self.impersonalNames.contains($0.name.lowercased()) }
        return rest
    }

    private static func equal(_ one: String, _ other: String) -> Bool {
        one.lowercased() == other.lowercased()
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }
}

extension HTTPHeaders: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// One `Name: value` per line; `<redacted>` for each value that is not known to be harmless.
    public var description: String {
        fields.map { field in
            let isHarmless = Self.harmlessNames.contains(field.name.lowercased())
            return "\(field.name): \(isHarmless ? field.value : "<redacted>")"
        }
        .joined(separator: "\n")
    }

    public var debugDescription: String { description }

    // `dump` and string interpolation of a value that contains headers use this mirror.
    public var customMirror: Mirror { Mirror(self, children: ["fields": description]) }
}
