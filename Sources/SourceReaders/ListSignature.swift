// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Digests
internal import ExternalPrograms
internal import Foundation

/// Verifies the OpenPGP signature of a list of checksums, with `gpgv` and the operator's keyring.
///
/// Reads only the status lines of gpgv (GnuPG's `doc/DETAILS`), never its messages or its exit
/// code: a second signature by an unknown key must not refuse a list, but a good signature by an
/// expired key must.
struct ListSignature {
    /// The absolute path of a keyring, armoured or not.
    let keyring: String
    /// The list's place, for messages.
    let shown: String

    private static let gpgv = ExternalProgram(
        "gpgv", package: "the package gpgv (Debian, Ubuntu) or gnupg2 (Fedora, Rocky)")
    private static let timeoutSeconds = 30.0

    /// The result of a verified signature.
    struct Verified {
        /// The signed text, without any other text.
        var text: [UInt8]
        /// The fingerprint of the primary key, in upper-case hexadecimal digits.
        var fingerprint: String
        /// The fingerprints of all good signatures.
        var fingerprints: [String]
        /// The digest of the keyring's keys.
        var keyring: String
        /// True if the list has further text, which is not signed.
        var isPart = false
    }

    /// True for a list with its signature inside (RFC 9580, section 7).
    static func isInline(_ list: [UInt8]) -> Bool {
        let start = String(decoding: withoutMark(list).prefix(4096), as: UTF8.self)
        return start.split(whereSeparator: \.isNewline)
            .contains { $0.hasPrefix("-----BEGIN PGP SIGNED MESSAGE-----") }
    }

    /// Returns the bytes without a byte order mark: gpgv does not recognize armour after one.
    private static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    }

    /// True if there is text outside of the signed text. Anyone may have added it.
    private static func hasUnsignedText(_ list: [UInt8]) -> Bool {
        let start = Array("-----BEGIN PGP SIGNED MESSAGE-----".utf8)
        let end = Array("-----END PGP SIGNATURE-----".utf8)
        var isOutside = true
        for line in list.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            if line.starts(with: start) {
                isOutside = false
            } else if line.starts(with: end) {
                isOutside = true
            } else if isOutside, line.contains(where: { $0 > 0x20 }) {
                return true
            }
        }
        return false
    }

    /// Verifies a list.
    ///
    /// - Parameter signature: the detached signature; nil if it is inside the list.
    /// - Throws: ``TranshipError/Code/signatureRefused``.
    func verify(
        _ given: [UInt8], signature detached: [UInt8]?
    ) async throws(TranshipError) -> Verified {
        // A detached signature covers all bytes of the list.
        let list = detached == nil ? Array(Self.withoutMark(given)) : given
        let signature = detached.map { Array(Self.withoutMark($0)) }
        let keys = try readKeyring()
        let folder = NSTemporaryDirectory() + "tranship-gpgv-\(UUID().uuidString)"
        do throws(TranshipError) {
            let files = try Files(folder, list, signature, keys)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let ending = try await Self.gpgv.run(
                ["--homedir", folder, "--status-fd", "1", "--keyring", files.keyring]
                    + files.arguments, home: folder, timeoutSeconds: Self.timeoutSeconds,
                // Subprocess may miss the end of programs that end at the same moment: see pull
                // request 275 of swift-subprocess.
                tries: 2)
            let status = GPGStatus(String(decoding: ending.output, as: UTF8.self))
            if let refusal = refusal(status, ending.talk) { throw refusal }
            var verified = Verified(
                text: list, fingerprint: status.fingerprint ?? "",
                fingerprints: status.fingerprints, keyring: try Self.digest(of: keys))
            if signature != nil { return verified }
            guard let text = FileManager.default.contents(atPath: files.text) else {
                throw refused("gpgv wrote no signed text", hint: "run again")
            }
            verified.text = Array(text)
            verified.isPart = Self.hasUnsignedText(list)
            return verified
        } catch {
            guard error.code == .unclassified else { throw error }
            throw TranshipError(
                .signatureRefused, "cannot check the signature of \(shown): \(error.message)",
                hint: error.hint)
        }
    }

    /// Returns nil for a list that a key of the keyring signed.
    private func refusal(_ status: GPGStatus, _ talk: String) -> TranshipError? {
        switch status.verdict {
        case .good: nil
        case .bad(let key):
            refused(
                "the signature of \(shown) is wrong: key \(key) did not sign this text",
                hint: "do not use the list: it was changed, or the signature is for a different "
                    + "version of the file",
                cause: StaleSignature())
        case .expiredSignature(let key):
            refused(
                "the signature of \(shown) by key \(key) has expired",
                hint: "name a newer list or another mirror, or ask its publisher to sign the list "
                    + "again; a new key does not help",
                cause: OtherSignature())
        case .expired(let key):
            refused(
                "\(shown) is signed by key \(key), which has expired",
                hint: "get the publisher's current key, check its fingerprint, and put it into "
                    + keyring,
                cause: OtherSignature())
        case .revoked(let key):
            refused(
                "\(shown) is signed by key \(key), which its owner has revoked",
                hint: "do not use the list; ask its publisher for the new key",
                cause: OtherSignature())
        case .unknown(let key):
            refused(
                "\(shown) is signed by key \(key), which is not in \(keyring)",
                hint: "get the publisher's key from a place that you trust, check its fingerprint, "
                    + "and put it into the keyring",
                cause: OtherSignature())
        case .weak(let key, let digest):
            refused(
                "\(shown) is signed by key \(key) with \(digest) only, by which a changed list can "
                    + "have the same signature",
                hint:
                    "name another list of its publisher, or ask the publisher to sign with SHA-256 "
                    + "or SHA-512",
                cause: OtherSignature())
        case .missing:
            refused(
                "the signature of \(shown) holds no signature that gpgv can read: "
                    + (talk.split(separator: "\n").first.map(String.init) ?? "it says nothing"),
                hint: "check the address of the signature; an error page may be in its place",
                cause: OtherSignature())
        }
    }

    private func refused(
        _ message: String, hint: String, cause: (any Error)? = nil
    ) -> TranshipError {
        TranshipError(.signatureRefused, message, hint: hint, cause: cause)
    }

    // MARK: The keyring

    /// Returns a digest that identifies the keys of the keyring, with or without armour.
    ///
    /// - Throws: ``TranshipError/Code/signatureRefused`` if the keyring cannot be read.
    func keyringDigest() throws(TranshipError) -> String { try Self.digest(of: readKeyring()) }

    private static func digest(of keys: [UInt8]) throws(TranshipError) -> String {
        try Digests.digest(.sha256, of: keys).value
    }

    /// A keyring of a whole distribution has 1 MiB.
    private static let keyringBytesMax = 64 << 20

    private func noKeyring(_ words: String) -> TranshipError {
        refused(
            "the keyring \(keyring) \(words)",
            hint: "check that signed_by names a file with the publisher's public key, relative to "
                + "the pipeline file")
    }

    private func readKeyring() throws(TranshipError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(WholeFile.Problem) {
            bytes = try WholeFile.read(keyring, bytesMax: Self.keyringBytesMax)
        } catch {
            throw noKeyring(error.words)
        }
        guard !bytes.isEmpty else { throw noKeyring("is empty") }
        if Self.isSecret(bytes) {
            throw refused(
                "the keyring \(keyring) holds a secret key, which verifies nothing",
                hint: "export the public key: gpg --export KEY > keyring.gpg")
        }
        let isArmoured = String(decoding: bytes.prefix(4096), as: UTF8.self)
            .contains("-----BEGIN PGP")
        let keys =
            isArmoured ? Self.dearmoured(String(decoding: bytes, as: UTF8.self)) : bytes
        switch keys.map(KeyringShape.init) {
        case nil, .other:
            throw refused(
                "the keyring \(keyring) holds no public key",
                hint: "export it: gpg --export KEY > keyring.gpg")
        case .cut:
            throw refused(
                "the keyring \(keyring) ends in the middle of a key",
                hint: "export it again: gpg --export KEY > keyring.gpg")
        case .whole: return keys ?? []
        }
    }

    /// True for an exported secret key, armoured or not (RFC 9580, sections 4.2 and 5.5.1.3).
    private static func isSecret(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes.prefix(4096), as: UTF8.self)
        if text.contains("-----BEGIN PGP PRIVATE KEY BLOCK") {
            return !String(decoding: bytes, as: UTF8.self).contains(
                "-----BEGIN PGP PUBLIC KEY BLOCK")
        }
        guard let first = bytes.first, first & 0x80 != 0 else { return false }
        let tag = first & 0x40 != 0 ? first & 0x3F : (first & 0x3F) >> 2
        return tag == 5 || tag == 7
    }

    /// Returns the keys of all armoured blocks (RFC 9580, section 6.2), because gpgv does not read
    /// armour. Nil if there is no block.
    static func dearmoured(_ text: String) -> [UInt8]? {
        var keys: [UInt8] = []
        var block: String?
        var isHeader = false
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.hasPrefix("-----BEGIN PGP PUBLIC KEY BLOCK") {
                (block, isHeader) = ("", true)
            } else if line.hasPrefix("-----END PGP PUBLIC KEY BLOCK"), let whole = block {
                guard let data = Data(base64Encoded: whole) else { return nil }
                keys += data
                block = nil
            } else if isHeader {
                // Headers end with an empty line. Some armour has neither headers nor that line.
                if line.isEmpty {
                    isHeader = false
                } else if !line.contains(":") {
                    isHeader = false
                    block?.append(line)
                }
            } else if !line.hasPrefix("=") {
                block?.append(line)
            }
        }
        return keys.isEmpty ? nil : keys
    }

    /// The files that gpgv reads and writes, in a folder that only this user can open.
    private struct Files {
        let folder: String
        let arguments: [String]

        var keyring: String { folder + "/keyring.gpg" }
        var text: String { folder + "/text" }

        init(
            _ folder: String, _ list: [UInt8], _ signature: [UInt8]?, _ keys: [UInt8]
        ) throws(TranshipError) {
            self.folder = folder
            var files = ["keyring.gpg": keys, "list": list]
            if let signature {
                files["signature"] = signature
                arguments = ["\(folder)/signature", "\(folder)/list"]
            } else {
                arguments = ["--output", "\(folder)/text", "\(folder)/list"]
            }
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: false,
                    attributes: [.posixPermissions: 0o700])
                for (name, bytes) in files {
                    try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
                }
            } catch {
                throw TranshipError(
                    .signatureRefused,
                    "cannot write to \(folder) for gpgv: \(error.systemWords)",
                    hint: "make room there, or set TMPDIR to another folder")
            }
        }
    }
}

/// The cause of a refusal: list and signature may be of different versions, as on two mirrors of a
/// pool.
struct StaleSignature: Error {}

/// The cause of a refusal: this signature proves nothing, but another one beside the list may.
struct OtherSignature: Error {}

/// The status lines of gpgv.
struct GPGStatus {
    enum Verdict: Hashable {
        case good
        /// The signature does not match the text. Like each case below, with a fingerprint or a key
        /// id.
        case bad(String)
        /// The key has expired.
        case expired(String)
        case expiredSignature(String)
        case revoked(String)
        case unknown(String)
        /// The signature is right, but its digest is known to allow two texts with one signature.
        /// Like APT, we treat it as no signature.
        case weak(String, digest: String)
        case missing
    }

    /// The weak digests, by the numbers of RFC 9580, section 9.5.
    private static let weakDigests = ["1": "MD5", "2": "SHA-1", "3": "RIPEMD-160"]

    let verdict: Verdict
    /// The fingerprint of a good signature's primary key.
    var fingerprint: String? { fingerprints.first }
    /// The fingerprints of the primary keys of all good signatures.
    let fingerprints: [String]

    init(_ text: String) {
        var found: [Verdict] = []
        var fingerprints: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 2, words[0] == "[GNUPG:]" else { continue }
            let key = words.count > 2 ? words[2] : "?"
            switch words[1] {
            case "GOODSIG": found.append(.good)
            case "BADSIG": found.append(.bad(key))
            case "EXPSIG": found.append(.expiredSignature(key))
            case "EXPKEYSIG": found.append(.expired(key))
            case "REVKEYSIG": found.append(.revoked(key))
            case "ERRSIG":
                // The ninth word is the fingerprint, in newer versions.
                let known = words.count > 8 && words[8] != "-" ? words[8] : key
                // gpgv itself rejects MD5. The eighth word is 9 if the key is not in the keyring.
                if words.count > 7, words[7] != "9", let weak = Self.weakDigests[words[4]] {
                    found.append(.weak(known, digest: weak))
                } else {
                    found.append(.unknown(known))
                }
            case "VALIDSIG" where found.last == .good:
                // The eighth field is the digest, the tenth the primary key's fingerprint.
                let primary = words.count > 11 ? words[11] : key
                if words.count > 9, let weak = Self.weakDigests[words[9]] {
                    found[found.count - 1] = .weak(primary, digest: weak)
                } else {
                    fingerprints.append(primary)
                }
            default: break
            }
        }
        self.fingerprints = fingerprints
        func rank(_ verdict: Verdict) -> Int {
            switch verdict {
            case .bad: 0
            case .good: 1
            case .weak: 2
            case .revoked: 3
            case .expired, .expiredSignature: 4
            case .unknown: 5
            case .missing: 6
            }
        }
        let worst = found.min { rank($0) < rank($1) } ?? .missing
        // A good signature counts only with the fingerprint of its key.
        verdict = worst == .good && fingerprints.isEmpty ? .missing : worst
    }
}
