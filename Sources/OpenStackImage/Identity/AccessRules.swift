// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The requests that an application credential allows
/// (<https://docs.openstack.org/api-ref/identity/v3/#access-rules>).
///
/// The service refuses all other requests with 401, not with 403, as if the token were wrong.
public struct AccessRules: Hashable, Sendable {
    /// One request, or a pattern of requests.
    public struct Rule: Hashable, Sendable {
        /// The type of the service: `image`.
        public var service: String
        /// `GET`, `PUT`, …
        public var method: String
        /// `*` and `{name}` stand for one part of a path, `**` for any number of them.
        public var path: String

        /// Creates a rule as Keystone has it.
        public init(service: String, method: String, path: String) {
            self.service = service
            self.method = method
            self.path = path
        }
    }

    /// All rules, including those for other services.
    public var rules: [Rule]

    /// Creates access rules. An empty list allows nothing.
    public init(_ rules: [Rule]) {
        self.rules = rules
    }

    /// Reads the rules of a token; nil if the token has none.
    init?(json: JSONValue?) {
        guard let list = json?.array else { return nil }
        rules = list.compactMap { rule in
            guard let service = rule["service"]?.string, let method = rule["method"]?.string,
                let path = rule["path"]?.string
            else { return nil }
            return Rule(service: service, method: method, path: path)
        }
    }

    /// True if the Image service accepts this request, by the rules of keystonemiddleware.
    ///
    /// - Parameter path: the path from the version on: `/v2/images`. A service behind a prefix
    ///   compares the whole path, so a rule may have any prefix.
    public func allows(_ method: String, _ path: String) -> Bool {
        rules.contains { rule in
            rule.service == "image" && rule.method == method
                && Self.suffixes(rule.path).contains { Self.matches(path, $0) }
        }
    }

    /// Returns the pattern itself and, if it has a prefix before the version, the rest after the
    /// prefix.
    private static func suffixes(_ pattern: String) -> [String] {
        guard let version = pattern.firstRange(of: "/v2/"), version.lowerBound > pattern.startIndex
        else { return [pattern] }
        return [pattern, String(pattern[version.lowerBound...])]
    }

    /// Matches by following all positions in the path that the pattern can have reached, so that no
    /// pattern takes long.
    private static func matches(_ path: String, _ pattern: String) -> Bool {
        let (path, pattern) = (Array(path.utf8), Array(pattern.utf8))
        var reached: Set<Int> = [0]
        var index = 0
        while index < pattern.count, !reached.isEmpty {
            switch pattern[index] {
            case UInt8(ascii: "*") where pattern[index...].dropFirst().first == UInt8(ascii: "*"):
                reached = Set((reached.min() ?? 0)...path.count)
                index += 2
                continue
            case UInt8(ascii: "*"):
                reached = insidePart(path, after: reached)
            case UInt8(ascii: "{"):
                index = pattern[index...].firstIndex(of: UInt8(ascii: "}")) ?? pattern.count - 1
                reached = insidePart(path, after: reached)
            case let character:
                reached = Set(reached.filter { $0 < path.count && path[$0] == character })
                reached = Set(reached.map { $0 + 1 })
            }
            index += 1
        }
        return reached.contains(path.count)
    }

    /// Returns the positions at least one character further, within the same part of the path.
    private static func insidePart(_ path: [UInt8], after starts: Set<Int>) -> Set<Int> {
        Set(
            starts.flatMap { start in
                let length = path[start...].prefix { $0 != UInt8(ascii: "/") }.count
                return Array(start..<start + length).map { $0 + 1 }
            })
    }
}
