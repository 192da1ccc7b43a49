// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
import COpenSSL

/// A checksum of bytes that arrive piece by piece (OpenSSL EVP).
///
/// Several digests can hash the same bytes in parallel. Hashing is the slowest part of a transfer,
/// so it should use several cores.
public final class StreamingDigest: Sendable {
    private let algorithm: Checksum.Algorithm
    private let context: Guarded<Context>

    private struct Context: ~Copyable {
        // Used only while the lock of `context` is held.
        nonisolated(unsafe) let pointer: OpaquePointer
        var isBroken = false
        var isFinished = false
        deinit { EVP_MD_CTX_free(pointer) }
    }

    /// Starts a digest of no bytes.
    ///
    /// - Throws: ``TranshipError/Code/unverifiable`` if this OpenSSL refuses the algorithm, as FIPS
    ///   140 builds refuse md5.
    public init(_ algorithm: Checksum.Algorithm) throws(TranshipError) {
        let type =
            switch algorithm {
            case .md5: EVP_md5()
            case .sha1: EVP_sha1()
            case .sha256: EVP_sha256()
            case .sha512: EVP_sha512()
            }
        guard let pointer = EVP_MD_CTX_new() else { throw Self.refused(algorithm) }
        guard EVP_DigestInit_ex(pointer, type, nil) == 1 else {
            EVP_MD_CTX_free(pointer)
            throw Self.refused(algorithm)
        }
        self.algorithm = algorithm
        context = Guarded(Context(pointer: pointer))
    }

    /// Adds bytes. Call it in the order of the bytes, and not after ``finish()``.
    public func update(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        // Nothing keeps the address after this call.
        nonisolated(unsafe) let bytes = bytes
        context.withLock { context in
            precondition(!context.isFinished, "bytes after the digest was finished")
            if EVP_DigestUpdate(context.pointer, bytes.baseAddress, bytes.count) != 1 {
                context.isBroken = true
            }
        }
    }

    /// Returns the checksum of all bytes. Call it once.
    ///
    /// - Throws: ``TranshipError/Code/unverifiable`` if OpenSSL fails.
    public func finish() throws(TranshipError) -> Checksum {
        defer { context.withLock { $0.isFinished = true } }
        return try soFar()
    }

    /// Returns the checksum of the bytes so far. More bytes may follow.
    ///
    /// - Throws: as ``finish()``.
    public func soFar() throws(TranshipError) -> Checksum {
        let value = context.withLock { context -> [UInt8]? in
            precondition(!context.isFinished, "a digest was finished before")
            guard !context.isBroken, let copy = EVP_MD_CTX_new() else { return nil }
            defer { EVP_MD_CTX_free(copy) }
            var value = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
            var length: UInt32 = 0
            guard EVP_MD_CTX_copy_ex(copy, context.pointer) == 1,
                EVP_DigestFinal_ex(copy, &value, &length) == 1
            else { return nil }
            return Array(value.prefix(Int(length)))
        }
        guard let value else { throw Self.refused(algorithm) }
        return try Checksum(algorithm, hexDigits(value))
    }

    private static func refused(_ algorithm: Checksum.Algorithm) -> TranshipError {
        TranshipError(
            .unverifiable, "OpenSSL on this machine refuses to compute \(algorithm.rawValue)",
            hint: "ask for another algorithm, or use a build of OpenSSL that has it")
    }
}

extension [StreamingDigest] {
    /// Starts a digest for each algorithm, the weakest first.
    ///
    /// - Throws: as ``StreamingDigest``.
    package init(computing algorithms: Set<Checksum.Algorithm>) throws(TranshipError) {
        self = []
        for algorithm in Checksum.Algorithm.allCases where algorithms.contains(algorithm) {
            append(try StreamingDigest(algorithm))
        }
    }

    /// The functions that pass the bytes of a ring to the digests, one for each digest.
    package var observers: [@Sendable (UnsafeRawBufferPointer) -> Void] {
        map { digest in { digest.update($0) } }
    }

    /// Returns the checksums of all bytes, in the order of the digests. Call it once.
    ///
    /// - Throws: as ``StreamingDigest``.
    package func finish() throws(TranshipError) -> [Checksum] {
        var checksums: [Checksum] = []
        for digest in self { checksums.append(try digest.finish()) }
        return checksums
    }
}

/// Returns the checksum of bytes in memory.
///
/// - Throws: as ``StreamingDigest``.
public func digest(
    _ algorithm: Checksum.Algorithm, of bytes: [UInt8]
) throws(TranshipError) -> Checksum {
    let digest = try StreamingDigest(algorithm)
    bytes.withUnsafeBytes { digest.update($0) }
    return try digest.finish()
}

func hexDigits(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
