// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// A file of logins by host, in the format of `ftp(1)`. curl reads it; this type only explains to
/// the operator why a login was not sent.
struct NetrcFile {
    let path: String
    /// Files of logins are smaller; the file at a wrong path may not be.
    private static let bytesMax = 1 << 20

    /// What to do after a 401 of a host. Never shows a login or a password.
    func hint(for host: String) -> String {
        let file: [UInt8]
        do {
            file = try WholeFile.read(path, bytesMax: Self.bytesMax)
        } catch {
            return "`auth: netrc` sent no login to \(host), because \(path) \(error.words); write "
                + "`machine \(host) login USER password PASSWORD` to it, or name another file in the "
                + "variable NETRC"
        }
        return Self.hosts(in: String(decoding: file, as: UTF8.self)).contains(host)
            ? "check the login that \(path) has for the host \(host)"
            : "`auth: netrc` sent no login, because \(path) has no entry for the host \(host): add "
                + "`machine \(host) login USER password PASSWORD`, or name another file in the "
                + "variable NETRC"
    }

    /// The hosts that the file names. `default` is an entry for every host.
    private struct Hosts {
        var names: Set<String> = []
        var hasDefault = false

        func contains(_ host: String) -> Bool { hasDefault || names.contains(host.lowercased()) }
    }

    private static func hosts(in text: String) -> Hosts {
        var hosts = Hosts()
        var words = text.split(whereSeparator: \.isWhitespace).makeIterator()
        while let word = words.next() {
            switch word {
            case "machine":
                if let name = words.next() { hosts.names.insert(name.lowercased()) }
            case "default": hosts.hasDefault = true
            // A login or a password may be one of the words above.
            case "login", "password", "account": _ = words.next()
            default: break
            }
        }
        return hosts
    }
}
