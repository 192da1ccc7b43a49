// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import HTTPTransport
import MigrationModel
import MigrationPipeline
import PipelineFiles
import TestSupport
import Testing

@testable import SourceReaders

/// Signed lists of checksums, with keys that the test makes.
@Suite(
    .timeLimit(.minutes(5)), .serialized,
    .enabled(if: SigningKey.isPossible, "needs gpg and gpgv"))
struct ListSignatureTests {
    private static let data = noise(5000)
    private static let sums = [UInt8]("\(sha256(data).value)  disk.raw\n".utf8)

    private let folder: TemporaryFolder
    private let key: SigningKey

    init() throws {
        folder = try TemporaryFolder()
        key = try SigningKey()
        try folder.write(key.publicKey(), to: "keys.gpg")
        try folder.write(Self.data, to: "disk.raw")
    }

    private func listed(_ keys: String = "") async throws -> ListedImage {
        let text =
            "{ file: '\(folder.file("disk.raw"))', checksum_file: '\(folder.file("SUMS"))', "
            + "signed_by: '\(folder.file("keys.gpg"))'\(keys) }"
        guard case .file(let entry) = try entries(text)[0] else { throw NotThatKind() }
        let source = FileImages(source: entry, sourceIndex: 0, baseDirectory: "/")
        return try #require(try await list(source).first)
    }

    private func expectGood(_ listed: ListedImage, _ comment: String = "") {
        #expect(listed.refusal == nil, "\(comment)")
        #expect(listed.image.checksums == [sha256(Self.data)], "\(comment)")
        #expect(listed.image.signedBy == key.fingerprint, "\(comment)")
    }

    private func expectRefused(
        _ listed: ListedImage, _ words: String, _ hint: String = ""
    ) {
        let refusal = listed.refusal
        #expect(refusal?.code == .signatureRefused)
        #expect(refusal?.message.contains(words) == true, "\(refusal?.message ?? "none")")
        #expect(
            hint.isEmpty || refusal?.hint?.contains(hint) == true, "\(refusal?.hint ?? "none")")
        #expect(listed.image.signedBy == nil)
    }

    @Test(arguments: [".asc", ".sign", ".sig", ".gpg"], [true, false])
    func `A signature beside the list`(ending: String, isArmoured: Bool) async throws {
        try folder.write(Self.sums, to: "SUMS")
        let signature = try key.signature(of: Self.sums, isArmoured: isArmoured)
        try folder.write(signature, to: "SUMS\(ending)")
        expectGood(try await listed(), ending)
    }

    @Test(arguments: [true, false])
    func `A byte order mark before a list hides no signature`(isInside: Bool) async throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if isInside {
            try folder.write(mark + (try key.clearSigned(Self.sums)), to: "SUMS")
            expectGood(try await listed())
            // The byte order mark may also be in the signed text, together with the line ends of
            // Windows.
            try folder.write(mark + (try key.clearSigned(mark + Self.sums)), to: "SUMS")
            expectGood(try await listed())
            let text = String(decoding: try key.clearSigned(Self.sums), as: UTF8.self)
            try folder.write(mark + Array(text.replacing("\n", with: "\r\n").utf8), to: "SUMS")
        } else {
            // The signature covers the byte order mark.
            try folder.write(mark + Self.sums, to: "SUMS")
            try folder.write(mark + (try key.signature(of: mark + Self.sums)), to: "SUMS.asc")
        }
        expectGood(try await listed())
    }

    /// A file beside a publisher's list is not always its signature, and the list may have several
    /// signatures.
    @Test(arguments: ["other key", "keyring", "weak", "text"])
    func `Of several files beside the list one good signature is enough`(first: String) async throws
    {
        try folder.write(Self.sums, to: "SUMS")
        let bytes =
            switch first {
            case "other key": try SigningKey().signature(of: Self.sums)
            case "keyring": try key.publicKey(isArmoured: true)
            case "weak": try key.signature(of: Self.sums, isArmoured: true, digest: "SHA1")
            default: Array("signed yesterday\n".utf8)
            }
        try folder.write(bytes, to: "SUMS.asc")
        let refusal = try await listed().refusal
        #expect(refusal?.code == .signatureRefused)
        // The last lines of gpgv's output advise people who type its command.
        #expect(refusal?.message.contains("command line") == false)
        for ending in [".sign", ".sig", ".gpg"] {
            try folder.write(
                try key.signature(of: Self.sums, isArmoured: false), to: "SUMS\(ending)")
            expectGood(try await listed(), ending)
            try FileManager.default.removeItem(atPath: folder.file("SUMS\(ending)"))
        }
        // The message is that of the first refusal.
        try folder.write([UInt8]("no signature".utf8), to: "SUMS.gpg")
        #expect(try await listed().refusal?.message == refusal?.message)
        // A wrong signature by the right key is worse than a missing signature.
        try folder.write(try key.signature(of: [1]), to: "SUMS.asc")
        try folder.write(try key.signature(of: Self.sums, isArmoured: false), to: "SUMS.gpg")
        expectRefused(try await listed(), "is wrong")
    }

    @Test(arguments: [("SHA1", "SHA-1"), ("MD5", "MD5"), ("RIPEMD160", "RIPEMD-160")])
    func `A signature by a weak digest is refused, unless there is a better one beside it`(
        digest: String, words: String
    ) async throws {
        try folder.write(Self.sums, to: "SUMS")
        let weak = try key.signature(of: Self.sums, isArmoured: false, digest: digest)
        try folder.write(weak, to: "SUMS.sig")
        expectRefused(
            try await listed(), "is signed by key \(key.fingerprint) with \(words) only", "SHA-256")
        // Two signatures in one file, in both orders.
        let strong = try key.signature(of: Self.sums, isArmoured: false)
        for signatures in [weak + strong, strong + weak] {
            try folder.write(signatures, to: "SUMS.sig")
            expectGood(try await listed())
        }
        // If the key is not in the keyring, that is the first reason.
        let other = try SigningKey().signature(of: Self.sums, isArmoured: false, digest: digest)
        try folder.write(other, to: "SUMS.sig")
        expectRefused(try await listed(), "which is not in")
    }

    @Test func `A signature that the pipeline names`() async throws {
        try folder.write(Self.sums, to: "SUMS")
        try folder.write(try key.signature(of: Self.sums), to: "elsewhere")
        expectGood(try await listed(", signature: '\(folder.file("elsewhere"))'"))
    }

    @Test func `A keyring with armour, and with several keys`() async throws {
        try folder.write(Self.sums, to: "SUMS")
        try folder.write(try key.signature(of: Self.sums), to: "SUMS.asc")
        let other = try SigningKey()
        try folder.write(
            try other.publicKey(isArmoured: true) + key.publicKey(isArmoured: true), to: "keys.gpg")
        expectGood(try await listed())
    }

    @Test func `Of a clear-signed list only the signed text is believed`() async throws {
        try folder.write(try key.clearSigned(Self.sums), to: "SUMS")
        expectGood(try await listed())

        // The line for this name is before and after the signed text, which is for another name.
        let other = [UInt8]("\(sha256([1]).value)  disk.raw\n".utf8)
        let signed = try key.clearSigned([UInt8]("\(sha256([2]).value)  other.raw\n".utf8))
        try folder.write(other + signed + other, to: "SUMS")
        let refusal = try await listed().refusal
        #expect(refusal?.message.contains("it lists only other.raw") == true)
        // A hint to pin the checksum of the other file would not help.
        #expect(refusal?.hint?.hasPrefix("only the signed part of the list counts") == true)
        try folder.write(Array("\n \n".utf8) + signed + Array("\n".utf8), to: "SUMS")
        let whole = try await listed().refusal
        #expect(whole?.hint?.hasPrefix("if that is the same file") == true)
    }

    @Test(arguments: ["", "named"])
    func `A clear-signed copy beside the list is the list`(named: String) async throws {
        try folder.write([UInt8]("\(sha256([1]).value)  disk.raw\n".utf8), to: "SUMS")
        try folder.write(try key.clearSigned(Self.sums), to: "SUMS.asc")
        let keys = named.isEmpty ? "" : ", signature: '\(folder.file("SUMS.asc"))'"
        expectGood(try await listed(keys))

        let other = [UInt8]("\(sha256(Self.data).value)  other.raw\n".utf8)
        try folder.write(Self.sums, to: "SUMS")
        try folder.write(try key.clearSigned(other), to: "SUMS.asc")
        let refusal = try await listed(keys).refusal
        #expect(refusal?.message.contains("it lists only other.raw") == true)
        #expect(refusal?.hint?.hasPrefix("only the signed part of the list counts") == true)
        try folder.write(try SigningKey().clearSigned(Self.sums), to: "SUMS.asc")
        #expect(try await listed(keys).refusal?.code == .signatureRefused)
    }

    @Test func `A changed list is refused`() async throws {
        try folder.write([UInt8]("\(sha256([1]).value)  disk.raw\n".utf8), to: "SUMS")
        try folder.write(try key.signature(of: Self.sums), to: "SUMS.asc")
        expectRefused(try await listed(), "is wrong", "do not use the list")

        var clear = try key.clearSigned(Self.sums)
        let digit = try #require(clear.firstIndex(of: UInt8(ascii: "5")))
        clear[digit] = UInt8(ascii: "6")
        try folder.write(clear, to: "SUMS")
        #expect(try await listed().refusal?.code == .signatureRefused)
    }

    @Test func `A list without a signature is refused`() async throws {
        try folder.write(Self.sums, to: "SUMS")
        expectRefused(try await listed(), "has no signature", "`signature`")
        try folder.write([UInt8]("<html>404</html>".utf8), to: "SUMS.asc")
        expectRefused(try await listed(), "SUMS.asc is a web page", "a login")
        try folder.write(try key.signature(of: Self.sums), to: "SUMS.gpg")
        expectGood(try await listed())
        let page = ", signature: '\(folder.file("SUMS.asc"))'"
        expectRefused(try await listed(page), "SUMS.asc is a web page", "a login")
    }

    @Test func `A signature by another key is refused`() async throws {
        let other = try SigningKey()
        try folder.write(Self.sums, to: "SUMS")
        try folder.write(try other.signature(of: Self.sums), to: "SUMS.asc")
        expectRefused(
            try await listed(), "is signed by key \(other.fingerprint), which is not in",
            "check its fingerprint")
    }

    @Test func `A good signature beside one by an unknown key counts`() async throws {
        let other = try SigningKey()
        try folder.write(Self.sums, to: "SUMS")
        let both =
            try other.signature(of: Self.sums, isArmoured: false)
            + key.signature(of: Self.sums, isArmoured: false)
        try folder.write(both, to: "SUMS.asc")
        expectGood(try await listed())
    }

    @Test func `An expired key is refused`() async throws {
        let old = try SigningKey(isExpired: true)
        try folder.write(try old.publicKey(), to: "keys.gpg")
        try folder.write(Self.sums, to: "SUMS")
        try folder.write(try old.signature(of: Self.sums), to: "SUMS.asc")
        expectRefused(try await listed(), "has expired", "current key")
    }

    @Test(arguments: [true, false])
    func `A keyring that is a secret key is called that`(isArmoured: Bool) async throws {
        try folder.write(try key.clearSigned(Self.sums), to: "SUMS")
        try folder.write(try key.secretKey(isArmoured: isArmoured), to: "keys.gpg")
        expectRefused(try await listed(), "holds a secret key", "gpg --export KEY")
    }

    @Test func `A signature that has expired needs no other key`() async throws {
        try folder.write(Self.sums, to: "SUMS")
        let old = try SigningKey(isOld: true)
        try folder.write(try old.publicKey(), to: "keys.gpg")
        try folder.write(try old.signatureForADay(of: Self.sums), to: "SUMS.asc")
        expectRefused(try await listed(), "has expired", "sign the list again")
    }

    @Test func `A keyring that is missing or holds no key is refused`() async throws {
        try folder.write(try key.clearSigned(Self.sums), to: "SUMS")
        for keys in [
            "", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n-----END PGP PUBLIC KEY BLOCK-----",
        ] {
            try folder.write([UInt8](keys.utf8), to: "keys.gpg")
            expectRefused(try await listed(), "keyring")
        }
        try folder.write([UInt8]("hello".utf8), to: "keys.gpg")
        expectRefused(try await listed(), "holds no public key", "gpg --export KEY")
        try folder.write(try key.publicKey().dropLast(20) + [], to: "keys.gpg")
        expectRefused(try await listed(), "ends in the middle of a key", "gpg --export KEY")
        try folder.write(noise(500), to: "keys.gpg")
        #expect(try await listed().refusal?.code == .signatureRefused)
    }

    @Test func `A pool whose mirrors differ gets another try`() async throws {
        let count = Guarded(0)
        let signature = try key.signature(of: Self.sums)
        let server = try RawHTTPServer { request in
            switch request.path {
            case "/SUMS":
                let turn = count.withLock { count in
                    count += 1
                    return count
                }
                return .status(200, body: turn == 1 ? [UInt8]("old\n".utf8) : Self.sums)
            case "/SUMS.sign": return .status(200, body: signature)
            case "/disk.raw": return .status(200, body: Self.data)
            default: return .status(404, body: [])
            }
        }
        let entry = try urlEntry(
            "\(server.url)/disk.raw",
            ", checksum_file: '\(server.url)/SUMS', signed_by: '\(folder.file("keys.gpg"))'")
        var reopening = Reopening()
        reopening.wait = { _ in }
        let source = URLImage(
            source: entry, sourceIndex: 0, client: HTTPClient(), reopening: reopening)
        expectGood(try #require(try await list(source).first))
        #expect(count.withLock { $0 } == 2)
    }

    @Test func `Status lines decide, and not the exit code`() {
        let good = GPGStatus(
            """
            [GNUPG:] NEWSIG
            [GNUPG:] GOODSIG D1 Mirror
            [GNUPG:] VALIDSIG AA 2026-11-28 1 0 4 0 22 8 00 BB
            """)
        #expect(good.verdict == .good)
        #expect(good.fingerprint == "BB")
        // The text has the same form, but is not from gpgv's status.
        #expect(GPGStatus("GOODSIG D1 Mirror\nVALIDSIG AA").verdict == .missing)
        #expect(GPGStatus("[GNUPG:] GOODSIG D1 Mirror").verdict == .missing)
        let expired = "[GNUPG:] EXPKEYSIG D1 Mirror\n[GNUPG:] VALIDSIG AA 1 1 0 4 0 22 8 00 BB"
        #expect(GPGStatus(expired).verdict == .expired("D1"))
        #expect(GPGStatus("[GNUPG:] EXPSIG D1 Mirror").verdict == .expiredSignature("D1"))
        #expect(GPGStatus("[GNUPG:] REVKEYSIG D1 Mirror").verdict == .revoked("D1"))
    }
}
