// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// What sources say of checksums, addresses and how to ask for them.
extension PipelineReader {
    /// An http or https address without credentials.
    func httpURL(_ value: FileValue) throws(TranshipError) -> String {
        let url = try value.text()
        guard let colon = url.firstRange(of: "://") else {
            throw value.refusal(
                "\(value.label) is no http or https address",
                hint: "for a file of this machine write `file:` instead of `url:`")
        }
        let scheme = url[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw value.refusal(
                "\(value.label) has the scheme \(scheme.prefix(40)); only http and https are read",
                hint: scheme == "file" ? "write `file:` with a path instead" : nil)
        }
        let authority = url[colon.upperBound...].prefix { !"/?#".contains($0) }
        // Never repeated in a message: this is a secret already.
        guard !authority.contains("@") else {
            throw value.refusal(
                "\(value.label) holds a user or a password; a pipeline file holds no secrets",
                hint: "write `auth: netrc`, or `auth: env:NAME` for user:password in $NAME")
        }
        guard !authority.isEmpty, !authority.hasPrefix(":") else {
            throw value.refusal("\(value.label) names no host")
        }
        guard url.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
            throw value.refusal(
                "\(value.label) holds a space or a control character",
                hint: "write %20 for a space")
        }
        return url
    }

    /// At most one of the two ways to promise what the data hashes to.
    func checksums(_ checksum: FileValue?, _ file: FileValue?) throws(TranshipError)
        -> (checksum: Checksum?, file: String?)
    {
        if checksum != nil, let file {
            throw file.refusal(
                "`checksum` and `checksum_file` exclude each other", hint: "keep one of them")
        }
        if let checksum {
            let text = try checksum.text()
            do {
                return (try Checksum(text), nil)
            } catch {
                throw checksum.refusal("`checksum`: \(error.message)", hint: error.hint)
            }
        }
        guard let file else { return (nil, nil) }
        let text = try file.text()
        if text.contains("://") { return (nil, try httpURL(file)) }
        return (nil, try file.path(of: text))
    }

    /// `netrc` or `env:NAME`.
    func authentication(_ value: FileValue?) throws(TranshipError) -> URLAuthentication? {
        guard let value else { return nil }
        let text = try value.text()
        if text == "netrc" { return .netrc }
        guard text.hasPrefix("env:"), EnvironmentText.isName(text.dropFirst(4)) else {
            // Perhaps somebody put the password itself here: not repeated.
            throw value.refusal(
                "`auth` must be netrc or env:NAME",
                hint: "env:NAME takes user:password from the variable NAME")
        }
        let name = String(text.dropFirst(4))
        guard environment[name] != nil else {
            throw value.refusal(
                "`auth` names the variable \(name), which is not set in the environment",
                hint: "set \(name) to user:password")
        }
        return .env(name)
    }

    /// A mapping of header names to values, which messages never repeat.
    func headers(_ value: FileValue?) throws(TranshipError) -> [URLHeader] {
        guard let value else { return [] }
        var headers: [URLHeader] = []
        for (key, text) in try value.textMap(emptyValues: false) {
            guard !key.text.isEmpty, key.text.utf8.allSatisfy(isTokenByte) else {
                throw refusal(key.position, "`\(key.text)` is no name of a header")
            }
            guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
                throw refusal(
                    key.position,
                    "the header `\(key.text)` holds a line break or a control character")
            }
            let managed = ["host", "content-length", "transfer-encoding", "range", "if-range"]
            if managed.contains(key.text.lowercased()) {
                throw refusal(key.position, "the header `\(key.text)` is set by tranship itself")
            }
            headers.append(URLHeader(name: key.text, value: Secret(text)))
        }
        return headers
    }

    /// RFC 9110, section 5.6.2.
    private func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
