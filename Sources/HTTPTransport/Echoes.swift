// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import FoundationEssentials

/// The secrets of a request, for removing them from a server's words. Debug pages, proxies and
/// object stores may show the request that they refuse.
struct Echoes: Sendable {
    private var secrets: [Secret<String>] = []

    /// The minimum length of a secret to replace. A shorter value occurs in ordinary words.
    private static let charactersMin = 4

    static let replacement = "<redacted>"

    /// Adds the secrets of a request, as it sends them and as a server may write them.
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

    /// Adds the secrets that curl sends for a login: the password alone, and user and password as
    /// encoded for Basic authentication.
    mutating func add(_ login: NetrcFile.Login) {
        add(login.password)
        add(Data("\(login.user):\(login.password.revealed)".utf8).base64EncodedString())
    }

    /// Adds the values inside a field's value: `SECRET` of `sid=SECRET; theme=dark`. Leaves out the
    /// names.
    private mutating func addParts(of value: String) {
        for item in value.split(whereSeparator: { ";,".contains($0) }) {
            let words = item.split(separator: " ")
            for (position, word) in words.enumerated() {
                var rest = word
                while let mark = rest.firstIndex(where: { "=:".contains($0) }) {
                    // A password may follow a user name: the part before a colon is just as secret.
                    if rest[mark] == ":" { addPart(rest[..<mark]) }
                    rest = rest[rest.index(after: mark)...]
                    addPart(rest)
                }
                // The first of several words is the name of an authentication scheme.
                let isName = position == 0 && words.count > 1
                if rest.startIndex == word.startIndex, !isName { addPart(word) }
            }
        }
    }

    /// The minimum length of a part to replace. A shorter part is an ordinary word: `Basic`,
    /// `dark`.
    private static let partCharactersMin = 6

    private mutating func addPart(_ part: Substring) {
        let value = part.drop { "\"'".contains($0) }.prefix { !"\"'".contains($0) }
        if value.count >= Self.partCharactersMin { add(String(value)) }
    }

    private mutating func add(_ value: String) {
        guard value.count >= Self.charactersMin else { return }
        secrets.append(Secret(value))
    }

    /// Returns the text without these secrets, in any form in which the server may have written
    /// them, and without any HTTP credentials (RFC 7235).
    ///
    /// Call it before the text is cut: a part of a secret may be too short to be recognized.
    ///
    /// - Parameter isCut: true if the end of the text is missing, so that a secret may begin there.
    func removed(from text: String, isCut: Bool = false) -> String {
        let bytes = Array(text.utf8)
        let needles = SoughtBytes(secrets.flatMap { Self.forms(of: $0.revealed) })
        var covered: [Range<Int>] = []
        var view: EchoView? = EchoView(bytes)
        for _ in 0...Self.encodingsMax {
            guard let seen = view else { break }
            covered += needles.places(in: seen, isCut: isCut)
            view = seen.decoded()
        }
        return Self.replacing(covered, in: text, bytes).replacing(Self.credentials) { match in
            "\(match.1)\(match.2)\(Self.replacement)"
        }
    }

    /// The maximum number of encodings to undo. A proxy may encode text that a server has already
    /// encoded.
    private static let encodingsMax = 2

    private static func replacing(
        _ covered: [Range<Int>], in text: String, _ bytes: [UInt8]
    ) -> String {
        guard !covered.isEmpty else { return text }
        var result: [UInt8] = []
        var position = 0
        for range in covered.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound >= position {
                result += bytes[position..<range.lowerBound] + Array(replacement.utf8)
            }
            position = max(position, range.upperBound)
        }
        return String(decoding: result + bytes[position...], as: UTF8.self)
    }

    /// HTTP credentials after a scheme. Does not match words such as "basic authentication".
    /// Compiled once, because compiling takes longer than most searches.
    ///
    /// `nonisolated(unsafe)`: a regex is a value, and nothing changes this one. `Regex` is not
    /// `Sendable` because it could hold a parser of its own; this one holds none.
    private nonisolated(unsafe) static let credentials =
        /\b((?i:basic|bearer))((?:\s|%20|\+)+)(?=\S+[A-Z0-9=])[A-Za-z0-9+\/=_.~-]{8,}/

    /// Returns the spellings of a secret to look for. Other spellings are decoded before the
    /// search.
    private static func forms(of value: String) -> [[UInt8]] {
        let base64 = withoutPadding(Data(value.utf8).base64EncodedString())
        let forms = [
            value, percentDecoded(value), value.replacing(" ", with: "+"), withoutPadding(value),
            base64, base64.replacing("+", with: "-").replacing("/", with: "_"),
        ]
        return forms.map { Array($0.utf8) }.filter { $0.count >= charactersMin }
    }

    /// Removes the padding: base64 is also written without it.
    private static func withoutPadding(_ base64: String) -> String {
        var text = base64[...]
        while text.last == "=" { text.removeLast() }
        return String(text)
    }
}

extension HTTPRequest {
    /// Returns the parts of a URL that no message may show: its password, and the query values that
    /// are long enough to be a signature.
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
    /// False for fields that describe the requested data, not the client.
    fileprivate var mayBeSecret: Bool {
        let name = name.lowercased()
        return !HTTPHeaders.impersonalNames.contains(name)
            && !["x-image-meta-", "x-openstack-image-", "content-"].contains {
                name.hasPrefix($0)
            }
    }
}
