// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// Parses URLs, checksums, credentials and headers of sources.
extension PipelineReader {
    /// Parses an http or https URL without credentials.
    func httpURL(_ value: FileValue) throws(TranshipError) -> String {
        let url = try value.text()
        guard let colon = url.firstRange(of: "://") else {
            throw value.refusal(
                "\(value.label) is not an http or https address",
                hint: "for a file on this machine, write `file:` instead of `url:`")
        }
        let scheme = url[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw value.refusal(
                "\(value.label) has the scheme \(scheme.prefix(40)); only http and https are supported",
                hint: scheme == "file" ? "write `file:` with a path instead" : nil)
        }
        let authority = url[colon.upperBound...].prefix { !"/?#".contains($0) }
        // The message must not repeat the URL, which contains a secret.
        guard !authority.contains("@") else {
            throw value.refusal(
                "\(value.label) contains a user or a password; a pipeline file must not contain secrets",
                hint: "write `auth: netrc`, or `auth: env:NAME` for user:password in $NAME")
        }
        guard !authority.isEmpty, !authority.hasPrefix(":") else {
            throw value.refusal("\(value.label) has no host")
        }
        guard url.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
            throw value.refusal(
                "\(value.label) contains a space or a control character",
                hint: "write %20 for a space")
        }
        return url
    }

    /// Parses `checksum` or `checksum_file`. A source may have one of them.
    func checksums(_ checksum: FileValue?, _ file: FileValue?) throws(TranshipError)
        -> (checksum: Checksum?, file: String?)
    {
        if checksum != nil, let file {
            throw file.refusal(
                "`checksum` and `checksum_file` cannot be used together", hint: "keep one of them")
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

    /// Parses `netrc` or `env:NAME`.
    func authentication(_ value: FileValue?) throws(TranshipError) -> URLAuthentication? {
        guard let value else { return nil }
        let text = try value.text()
        if text == "netrc" { return .netrc }
        guard text.hasPrefix("env:"), EnvironmentText.isName(text.dropFirst(4)) else {
            // The message must not repeat the value, which may be the password itself.
            throw value.refusal(
                "`auth` must be netrc or env:NAME",
                hint: "env:NAME reads user:password from the environment variable NAME")
        }
        let name = String(text.dropFirst(4))
        guard environment[name] != nil else {
            throw value.refusal(
                "`auth` names the variable \(name), which is not set in the environment",
                hint: "set \(name) to user:password")
        }
        return .env(name)
    }

    /// Parses headers. Messages never repeat their values.
    func headers(_ value: FileValue?) throws(TranshipError) -> [URLHeader] {
        guard let value else { return [] }
        var headers: [URLHeader] = []
        for (key, text) in try value.textMap(emptyValues: false) {
            guard !key.text.isEmpty, key.text.utf8.allSatisfy(isTokenByte) else {
                throw refusal(key.position, "`\(key.text)` is not a valid header name")
            }
            guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
                throw refusal(
                    key.position,
                    "the header `\(key.text)` contains a line break or a control character")
            }
            let managed = ["host", "content-length", "transfer-encoding", "range", "if-range"]
            if managed.contains(key.text.lowercased()) {
                throw refusal(key.position, "the header `\(key.text)` is set by tranship itself")
            }
            headers.append(URLHeader(name: key.text, value: Secret(text)))
        }
        return headers
    }

    /// True for a byte that a header name may contain (RFC 9110, section 5.6.2).
    private func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
