// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ChecksumVerifiers
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

@Suite struct DigestVerifierTests {
    private let verifier = DigestVerifier()

    private func sum(_ algorithm: Checksum.Algorithm, _ digit: Character = "a") throws -> Checksum {
        try Sample.checksum(algorithm, digit)
    }

    /// Returns the result of a pass over these bytes, or its error.
    private func judge(
        _ bytes: [UInt8], promise: Checksum?, reported: Checksum.Algorithm,
        promisedBytes: Int64? = nil, _ mode: VerificationMode = .proof, isAtURL: Bool = false
    ) throws -> [Checksum] {
        var source = Sample.source("a", sizeBytes: promisedBytes)
        if isAtURL {
            source.isAtMirrors = true
            source.checksums = [promise].compactMap(\.self)
        }
        var transfer = Sample.transfer("a", source: source, promise: promise)
        transfer.intent.record.verification = mode
        let running = try verifier.begin(transfer, reportedAlgorithm: reported)
        for observer in running.observers { bytes.withUnsafeBytes { observer($0) } }
        return try running.judge(totalBytes: Int64(bytes.count))
    }

    // The digests of "abc" from RFC 1321, A.5, and FIPS 180-4.
    private let abc = Array("abc".utf8)
    private let md5 = "md5:900150983cd24fb0d6963f7d28e17f72"
    private let sha256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    // MARK: The first leg

    @Test func `One digest serves both legs when both speak the same algorithm`() throws {
        let promise = try Checksum(sha256)
        #expect(try judge(abc, promise: promise, reported: .sha256) == [promise])
    }

    @Test func `Two are computed when they differ, and no more`() throws {
        let computed = try judge(abc, promise: try Checksum(sha256), reported: .md5)
        #expect(computed.map(\.description) == [md5, sha256])
    }

    @Test func `Without a promise only the target's own is computed`() throws {
        #expect(try judge(abc, promise: nil, reported: .md5).map(\.description) == [md5])
    }

    @Test(arguments: [Checksum.Algorithm.sha256, .sha512])
    func `Bytes that do not match are told with both values`(reported: Checksum.Algorithm) throws {
        let promise = try sum(.sha256)
        let error = try #require(throws: TranshipError.self) {
            try judge(abc, promise: promise, reported: reported)
        }
        #expect(error.code == .checksumMismatch)
        #expect(!error.isTransient)
        #expect(error.message.contains("promised \(promise)"))
        #expect(error.message.contains("read \(sha256) over 3 bytes"))
    }

    @Test(arguments: [2, 4] as [Int64])
    func `Another size than promised is told before any digest`(promised: Int64) throws {
        let error = try #require(throws: TranshipError.self) {
            try judge(abc, promise: try sum(.md5), reported: .md5, promisedBytes: promised)
        }
        #expect(error.code == .sourceTruncated)
        #expect(error.message.contains("promised \(promised) bytes and gave 3"))
    }

    @Test func `A checksum that is right outweighs the size that a URL was planned with`() throws {
        let promise = try Checksum(sha256)
        #expect(
            try judge(
                abc, promise: promise, reported: .sha256, promisedBytes: 4, isAtURL: true)
                == [promise])
        let error = #expect(throws: TranshipError.self) {
            try judge(abc, promise: promise, reported: .sha256, promisedBytes: 4)
        }
        #expect(error?.code == .sourceTruncated)
    }

    @Test func `Relying on the services computes nothing where they are comparable`() throws {
        #expect(
            try judge(abc, promise: try Checksum(md5), reported: .md5, .services).isEmpty)
        #expect(
            try judge(abc, promise: try Checksum(sha256), reported: .md5, .services).count == 2)
    }

    // MARK: The second leg

    private func compare(
        computed: [Checksum] = [], promise: Checksum? = nil, listed: [Checksum] = [],
        reported: [Checksum], sizeBytes: Int64? = 10, format: String? = "raw",
        method: UploadMethod = .upload
    ) -> Verdict {
        var transfer = Sample.transfer(
            "a", source: Sample.source("a", checksums: listed), method: method, promise: promise)
        transfer.proof.computed = computed
        return verifier.compare(
            transfer,
            with: TargetReport(
                status: .active, sizeBytes: sizeBytes, checksums: reported, diskFormat: format))
    }

    @Test func `What was computed, promised or listed proves what is reported`() throws {
        let sum = try sum(.sha512)
        #expect(compare(computed: [sum], reported: [sum]) == .match([sum]))
        #expect(compare(promise: sum, reported: [sum]) == .match([sum]))
        #expect(compare(listed: [sum], reported: [sum]) == .match([sum]))
    }

    @Test func `One wrong value outweighs all that match`() throws {
        let verdict = compare(
            computed: [try sum(.sha512), try sum(.md5)],
            reported: [try sum(.sha512), try sum(.md5, "b")])
        #expect(
            verdict
                == .mismatch(.checksum(try sum(.md5), .sent, reported: try sum(.md5, "b"))))
    }

    @Test func `A size that differs is a mismatch, even without checksums`() throws {
        let verdict = compare(
            computed: [try sum(.md5)], reported: [try sum(.md5)], sizeBytes: 9)
        #expect(verdict == .mismatch(.size(bytes: 10, .sent, reportedBytes: 9)))
        guard case .mismatch = compare(reported: [], sizeBytes: 9) else {
            Issue.record("a short copy was not seen")
            return
        }
    }

    @Test func `What was not sent is called a promise`() throws {
        let (sum, other) = (try sum(.sha512), try sum(.sha512, "b"))
        func words(_ verdict: Verdict) -> String {
            if case .mismatch(let difference) = verdict { difference.words } else { "\(verdict)" }
        }
        let reports = ", the target reports \(other)"
        #expect(
            words(compare(promise: sum, reported: [other], method: .webDownload))
                == "promised \(sum)" + reports)
        #expect(words(compare(computed: [sum], reported: [other])) == "sent \(sum)" + reports)
        #expect(
            words(compare(reported: [], sizeBytes: 9, method: .webDownload))
                == "10 bytes were promised, the target reports 9")
    }

    @Test func `Algorithms that do not meet prove nothing`() throws {
        let verdict = compare(computed: [try sum(.sha512)], reported: [try sum(.sha256)])
        guard case .unverifiable(let facts) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(facts.words == "the target reports sha256, known here is sha512")
        let twice = compare(
            computed: [try sum(.sha512)], promise: try sum(.sha512), listed: [try sum(.md5)],
            reported: [try sum(.sha256)])
        guard case .unverifiable(let both) = twice,
            case .unverifiable(let none) = compare(reported: [])
        else {
            Issue.record("\(twice)")
            return
        }
        #expect(both.words == "the target reports sha256, known here is sha512, md5")
        #expect(none.words == "the target reports no checksum, known here is none")
    }

    @Test func `Another format is a conversion, and so is another size after an import`() throws {
        guard
            case .transformed = compare(
                computed: [try sum(.md5)], reported: [try sum(.md5)], format: "qcow2")
        else {
            Issue.record("a conversion was not seen")
            return
        }
        let computed = [try sum(.md5)]
        let reported = [try sum(.md5, "b")]
        guard
            case .transformed = compare(
                computed: computed, reported: reported, sizeBytes: 99, method: .glanceDirect)
        else {
            Issue.record("a conversion was not seen")
            return
        }
        // An upload converts nothing, so other bytes are damage.
        guard case .mismatch = compare(computed: computed, reported: reported, sizeBytes: 99)
        else {
            Issue.record("damage was taken for a conversion")
            return
        }
    }

    @Test func `A target that does not tell the size or format is judged by the digest`() throws {
        let sum = try sum(.md5)
        #expect(
            compare(computed: [sum], reported: [sum], sizeBytes: nil, format: nil)
                == .match([sum]))
    }
}
