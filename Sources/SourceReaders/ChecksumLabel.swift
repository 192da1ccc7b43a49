// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// An algorithm as publishers spell it: `SHA256`, `SHA-256`, `SHA2-256`, `sha512sum`, `BLAKE2B`.
struct ChecksumLabel {
    /// Lower case, for messages.
    let name: String
    /// Nil if it is not supported.
    let algorithm: Checksum.Algorithm?

    /// Digits of a value; nil if several lengths are usual.
    var digitCount: Int? {
        algorithm?.digitCount
            ?? [
                "blake2b": 128, "blake2s": 64, "blake3": 64, "sha224": 56, "sha384": 96,
                "rmd160": 40, "sha512-256": 64, "sha512-224": 56, "whirlpool": 128, "sm3": 64,
                "streebog256": 64, "streebog512": 128, "crc32": 8, "md4": 32, "sha3-224": 56,
                "sha3-256": 64,
                "sha3-384": 96, "sha3-512": 128,
            ][name]
    }

    init?(_ word: String) {
        var text = word.lowercased()
        text.removeAll { $0 == "-" || $0 == "_" || $0 == " " }
        // OpenSSL 3 writes SHA2-256.
        if text.hasPrefix("sha2"), text.count == 7, let bits = Int(text.dropFirst(4)), bits > 100 {
            text = "sha\(bits)"
        }
        if text.hasSuffix("sum") { text.removeLast(3) }
        switch text {
        case "md5", "sha1", "sha256", "sha512": algorithm = Checksum.Algorithm(rawValue: text)
        case "b2", "blake2", "blake2b", "blake2b512": (text, algorithm) = ("blake2b", nil)
        case "b3", "blake3": (text, algorithm) = ("blake3", nil)
        case "rmd160", "ripemd160": (text, algorithm) = ("rmd160", nil)
        case "sha512/256", "sha512256": (text, algorithm) = ("sha512-256", nil)
        case "sha512/224", "sha512224": (text, algorithm) = ("sha512-224", nil)
        case "sha3224", "sha3256", "sha3384", "sha3512":
            (text, algorithm) = ("sha3-\(text.dropFirst(4))", nil)
        case "blake2s", "blake2s256", "sha224", "sha384", "whirlpool", "sm3", "streebog256",
            "streebog512", "crc32", "md4":
            algorithm = nil
        default: return nil
        }
        name = text
    }

    /// What the name of a list says: `SHA512SUMS`, `disk.raw.sha512`, `SHA3-256SUMS`, `b2sums.txt`.
    ///
    /// - Returns: what it ends with, if that is an algorithm; else all that it has. None for
    ///   `CHECKSUM`, `checksums.txt` and their like.
    static func labels(inFileName name: String) -> [ChecksumLabel] {
        let words = name.lowercased().split { !$0.isLetter && !$0.isNumber }
            .map { String($0.hasSuffix("sums") ? $0.dropLast() : $0) }
        var labels: [ChecksumLabel] = []
        for last in words.indices {
            let isEnd = last == words.count - 1
            // A release may be called b2.
            if ["b2", "b3"].contains(words[last]), !isEnd { continue }
            // The longest: SHA512-256 is not SHA-512.
            let label = (max(0, last - 2)...last).lazy
                .compactMap { ChecksumLabel(words[$0...last].joined()) }.first
            guard let label else { continue }
            if isEnd { return [label] }
            labels.append(label)
        }
        return labels
    }

    /// - Parameter number: of the algorithm in OpenPGP (RFC 9580, section 9.5).
    init?(openPGP number: Int) {
        let words = [
            1: "md5", 2: "sha1", 3: "rmd160", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224",
            12: "sha3-256", 14: "sha3-512",
        ]
        guard let word = words[number] else { return nil }
        self.init(word)
    }
}
