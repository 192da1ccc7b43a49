// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// A file of logins by host, in the format of `ftp(1)`. curl reads the file and sends the login.
/// This type explains why curl sent none, and knows the secrets that no message may show.
struct NetrcFile {
    let path: String
    /// The maximum size. A file of logins is smaller; a file at a wrong path may not be.
    private static let bytesMax = 1 << 20

    /// Returns the hint for a 401 of a host. Never shows a login or a password.
    func hint(for host: String) -> String {
        let file: [UInt8]
        do {
            file = try WholeFile.read(path, bytesMax: Self.bytesMax)
        } catch {
            return "`auth: netrc` sent no login to \(host), because \(path) \(error.words); write "
                + "`machine \(host) login USER password PASSWORD` to it, or name another file in the "
                + "variable NETRC"
        }
        let entries = Self.entries(in: String(decoding: file, as: UTF8.self))
        return entries.contains { $0.host == nil || $0.host == host.lowercased() }
            ? "check the login that \(path) has for the host \(host)"
            : "`auth: netrc` sent no login, because \(path) has no entry for the host \(host): add "
                + "`machine \(host) login USER password PASSWORD`, or name another file in the "
                + "variable NETRC"
    }

    // MARK: Logins

    struct Login: Sendable {
        let user: String
        let password: Secret<String>
    }

    /// Returns the logins that curl may send to a host: those of the host and those for every host.
    /// Empty if the file cannot be read.
    func logins(for host: String) -> [Login] {
        // Reading a pipe here would take its text away from curl.
        guard WholeFile.special(path) == nil,
            let file = try? WholeFile.read(path, bytesMax: Self.bytesMax)
        else { return [] }
        let host = host.lowercased().filter { !"[]".contains($0) }
        return Self.entries(in: String(decoding: file, as: UTF8.self))
            .filter { $0.host == nil || $0.host == host }
            .flatMap { entry in
                (entry.users + [""]).flatMap { user in
                    entry.passwords.map { Login(user: user, password: Secret($0)) }
                }
            }
    }

    private struct Entry {
        /// The host; nil for every host.
        let host: String?
        var users: [String] = []
        var passwords: [String] = []
    }

    private static func entries(in text: String) -> [Entry] {
        var entries: [Entry] = []
        var words = words(text).makeIterator()
        while let word = words.next() {
            switch word {
            case "machine":
                if let host = words.next() { entries.append(Entry(host: host.lowercased())) }
            case "default": entries.append(Entry(host: nil))
            // A login or a password may be one of the words above.
            case "login":
                guard let user = words.next(), !entries.isEmpty else { continue }
                entries[entries.count - 1].users.append(user)
            case "password":
                guard let password = words.next(), !entries.isEmpty else { continue }
                entries[entries.count - 1].passwords.append(password)
            case "account": _ = words.next()
            default: break
            }
        }
        return entries
    }

    /// Splits the text into words as curl does: a word in quotes may contain blanks and
    /// backslashes.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var rest = text[...]
        while true {
            rest = rest.drop(while: \.isWhitespace)
            guard rest.first == "\"" else {
                let word = rest.prefix { !$0.isWhitespace }
                if word.isEmpty { return words }
                words.append(String(word))
                rest = rest[word.endIndex...]
                continue
            }
            rest.removeFirst()
            var word = ""
            while let letter = rest.popFirst(), letter != "\"" {
                guard letter == "\\", let escaped = rest.popFirst() else {
                    word.append(letter)
                    continue
                }
                let controls: [Character: Character] = ["n": "\n", "r": "\r", "t": "\t"]
                word.append(controls[escaped] ?? escaped)
            }
            words.append(word)
        }
    }
}
