// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import FoundationEssentials

/// The secrets of a request, which a server may repeat in its refusal: debug pages, proxies and
/// object stores show the request that they refuse. Messages quote the server without them.
struct Echoes: Sendable {
    private var secrets: [Secret<String>] = []

    /// A shorter value is found in ordinary words, so it is not replaced.
    private static let charactersMin = 4

    static let replacement = "<redacted>"

    /// Adds what a request sends, as it is sent and as a server may write it.
    mutating func add(_ request: HTTPRequest) {
        for secret in request.secrets { add(secret.revealed) }
        for field in request.headers.fields where field.mayBeSecret {
            add(field.value)
            addParts(of: field.value)
            guard let space = field.value.firstIndex(of: " ") else { continue }
            // Basic, Bearer, …
            let credentials = String(field.value[field.value.index(after: space)...])
            add(credentials)
            guard field.value.hasPrefix("Basic "), let data = Data(base64Encoded: credentials),
                let pair = String(validating: data, as: UTF8.self)
            else { continue }
            add(pair.split(separator: ":", maxSplits: 1).last.map(String.init) ?? "")
        }
    }

    mutating func add(_ secret: Secret<String>) { add(secret.revealed) }

    /// Adds the values in the value of a field: `SECRET` of `sid=SECRET; theme=dark`. Names stay.
    private mutating func addParts(of value: String) {
        for item in value.split(whereSeparator: { ";,".contains($0) }) {
            let words = item.split(separator: " ")
            for (position, word) in words.enumerated() {
                var rest = word
                while let mark = rest.firstIndex(where: { "=:".contains($0) }) {
                    // A password may follow a user: the part before a colon is as secret.
                    if rest[mark] == ":" { addPart(rest[..<mark]) }
                    rest = rest[rest.index(after: mark)...]
                    addPart(rest)
                }
                // The first of several words is the name of a scheme.
                let isName = position == 0 && words.count > 1
                if rest.startIndex == word.startIndex, !isName { addPart(word) }
            }
        }
    }

    /// A shorter part is an ordinary word: `Basic`, `dark`.
    private static let partCharactersMin = 6

    private mutating func addPart(_ part: Substring) {
        let value = part.drop { "\"'".contains($0) }.prefix { !"\"'".contains($0) }
        if value.count >= Self.partCharactersMin { add(String(value)) }
    }

    private mutating func add(_ value: String) {
        guard value.count >= Self.charactersMin else { return }
        secrets.append(Secret(value))
    }

    /// The text without these secrets, in whichever form the server wrote them, and without any
    /// credentials of HTTP (RFC 7235): curl alone knows those of a netrc file.
    func removed(from text: String) -> String {
        // Longer ones first: one may contain another.
        let known = Set(secrets.flatMap { Self.forms(of: $0.revealed) })
            .sorted { ($0.count, $0) > ($1.count, $1) }
            .reduce(text) { $0.replacing($1, with: Self.replacement) }
        return withoutPieces(known).replacing(Self.credentials) { match in
            "\(match.1)\(match.2)\(Self.replacement)"
        }
    }

    // MARK: Pieces

    /// A part of a secret of this length is secret as well, and half of it at least.
    private static let pieceBytesMin = 12

    /// The text without secrets that a line break splits, and without beginnings of secrets that
    /// were cut short.
    private func withoutPieces(_ text: String) -> String {
        let bytes = Array(text.utf8)
        // Positions of all bytes but line breaks.
        let places = bytes.indices.filter { bytes[$0] != 0x0A && bytes[$0] != 0x0D }
        var covered: [Range<Int>] = []
        for secret in Set(secrets.map { Array($0.revealed.utf8) }) {
            let least = max(min(secret.count, Self.pieceBytesMin), (secret.count + 1) / 2)
            guard secret.count >= Self.pieceBytesMin else { continue }
            var start = 0
            while start + least <= places.count {
                var count = 0
                while count < secret.count, start + count < places.count,
                    bytes[places[start + count]] == secret[count]
                { count += 1 }
                if count >= least {
                    covered.append(places[start]..<places[start + count - 1] + 1)
                }
                start += max(1, count >= least ? count : 1)
            }
        }
        guard !covered.isEmpty else { return text }
        var result: [UInt8] = []
        var position = 0
        for range in covered.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound >= position {
                result += bytes[position..<range.lowerBound] + Array(Self.replacement.utf8)
            }
            position = max(position, range.upperBound)
        }
        return String(decoding: result + bytes[position...], as: UTF8.self)
    }

    /// Words such as "basic authentication" stay. Compiled once, because that takes longer than
    /// most searches.
    ///
    /// `nonisolated(unsafe)`: a regex is a value, and nothing changes this one. It is not `Sendable`
    /// because it could hold a parser of its own; this one holds none.
    private nonisolated(unsafe) static let credentials =
        /\b((?i:basic|bearer))((?:\s|%20|\+)+)(?=\S+[A-Z0-9=])[A-Za-z0-9+\/=_.~-]{8,}/

    private static func forms(of value: String) -> [String] {
        let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return [
            value, percentEncode(value), percentDecoded(value), escaped,
            escaped.replacing("/", with: "\\/"),
        ]
    }
}

extension HTTPRequest {
    /// What of a URL no message may show: its password, and the values of its query that are long
    /// enough for a signature.
    public static func secrets(ofURL url: String) -> [Secret<String>] {
        var found: [Secret<String>] = []
        if let start = url.firstRange(of: "://")?.upperBound {
            let authority = url[start...].prefix { !"/?#".contains($0) }
            let user = authority.lastIndex(of: "@").map { authority[..<$0] } ?? ""
            if let password = user.split(separator: ":", maxSplits: 1).last {
                found.append(Secret(String(password)))
            }
        }
        guard let mark = url.firstIndex(of: "?") else { return found }
        for item in url[url.index(after: mark)...].prefix(while: { $0 != "#" }).split(
            separator: "&")
        {
            let value = item.drop { $0 != "=" }.dropFirst()
            guard value.count >= signatureCharactersMin else { continue }
            found.append(Secret(String(value)))
        }
        return found
    }

    private static let signatureCharactersMin = 8
}

extension HTTPHeaders.Field {
    /// False for fields that say what is asked for, not who asks.
    fileprivate var mayBeSecret: Bool {
        let name = name.lowercased()
        return !HTTPHeaders.impersonalNames.contains(name)
            && !["x-image-meta-", "x-openstack-image-", "content-"].contains {
                name.hasPrefix($0)
            }
    }
}
