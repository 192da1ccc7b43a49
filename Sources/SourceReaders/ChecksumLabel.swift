// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// An algorithm in a publisher's spelling: `SHA256`, `SHA-256`, `SHA2-256`, `sha512sum`, `BLAKE2B`.
struct ChecksumLabel {
    /// The algorithm's name in lower case, for messages.
    let name: String
    /// The algorithm; nil if it is not supported.
    let algorithm: Checksum.Algorithm?

    /// The number of digits of a value; nil if several lengths are usual.
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

    /// False for a word that may also be the name of a release, such as Tiger 10.
    private(set) var isSure = true

    init?(_ word: String) {
        var text = word.lowercased()
        text.removeAll { "-_ ".contains($0) }
        if text.hasSuffix("sums") { text.removeLast() }
        if text.hasSuffix("sum") { text.removeLast(3) }
        // OpenSSL 3 writes SHA2-256.
        if text.hasPrefix("sha2"), Self.sha2Sizes.contains(String(text.dropFirst(4))) {
            text = "sha\(text.dropFirst(4))"
        }
        switch text {
        case "md5", "sha1", "sha256", "sha512": algorithm = Checksum.Algorithm(rawValue: text)
        case "b2", "blake2", "blake2b", "blake2b512": (text, algorithm) = ("blake2b", nil)
        case "b3", "blake3": (text, algorithm) = ("blake3", nil)
        case "rmd160", "ripemd160": (text, algorithm) = ("rmd160", nil)
        case "sha512/256", "sha512256", "sha512t256": (text, algorithm) = ("sha512-256", nil)
        case "sha512/224", "sha512224", "sha512t224": (text, algorithm) = ("sha512-224", nil)
        case "sha3224", "sha3256", "sha3384", "sha3512":
            (text, algorithm) = ("sha3-\(text.dropFirst(4))", nil)
        case "blake2s256": (text, algorithm) = ("blake2s", nil)
        case "sha0", "sha3", "sha224", "sha384", "blake2s", "streebog256", "streebog512", "crc32",
            "md2", "md4", "md6":
            algorithm = nil
        default:
            guard Self.isOfFamily(text) else { return nil }
            algorithm = nil
            isSure =
                Self.sizes.contains(where: text.hasSuffix) || text.hasPrefix("gostr34")
                || (Self.families.contains(text) && !["blake", "tiger"].contains(text))
        }
        name = text
    }

    /// An unknown algorithm, as a list names it.
    init(unknown word: String) {
        name = word.lowercased()
        algorithm = nil
    }

    private static let sha2Sizes: Set = [
        "224", "256", "384", "512", "512256", "512224", "512/256", "512/224",
    ]

    /// Algorithms whose values may have as many digits as those of a supported algorithm.
    private static let families = [
        "keccak", "cshake", "shake", "skein", "gost", "streebog", "stribog", "blake", "tiger",
        "whirlpool", "ripemd", "rmd", "sm3", "xxhash", "xxh", "crc", "haval", "has160", "snefru",
        "groestl", "grostl", "kangarootwelve", "lsh256", "lsh512", "kupyna", "edonr", "murmur",
        "cityhash", "farmhash", "siphash", "highwayhash",
    ]
    /// The maximum number of letters after a family's name, in a size, a variant or a year, as in
    /// `GOST R 34.11-2012`.
    private static let variantLettersMax = 4
    private static let sizes = ["64", "94", "128", "160", "192", "224", "256", "320", "384", "512"]

    private static func isOfFamily(_ text: String) -> Bool {
        families.contains { family in
            guard text.hasPrefix(family) else { return false }
            let rest = text.dropFirst(family.count)
            return rest.allSatisfy {
                $0.isASCII
                    && ($0.isLetter || $0.isNumber || $0 == "/" || ($0 == "." && family == "gost"))
            }
                && rest.count(where: \.isLetter) <= variantLettersMax
                && (rest.isEmpty || rest.contains(where: \.isNumber))
        }
    }

    /// The maximum number of words in a label, as in `GOST R 34.11-2012`.
    private static let wordsMax = 5

    /// Returns the algorithms in the name of a list: `SHA512SUMS`, `disk.raw.sha512`,
    /// `SHA3-256SUMS`, `b2sums.txt`.
    ///
    /// - Returns: the algorithm at the end of the name, or else all that the name contains. None
    ///   for names such as `CHECKSUM` and `checksums.txt`.
    static func labels(inFileName name: String) -> [ChecksumLabel] {
        let words = name.lowercased().split { !$0.isLetter && !$0.isNumber }
            .map { String($0.hasSuffix("sums") ? $0.dropLast() : $0) }
        var labels: [ChecksumLabel] = []
        for last in words.indices {
            let isEnd = last == words.count - 1
            // `b2` may be the name of a release.
            if ["b2", "b3"].contains(words[last]), !isEnd { continue }
            // Try the longest label first: SHA512-256 is not SHA-512.
            let label = (max(0, last - wordsMax + 1)...last).lazy
                .compactMap { ChecksumLabel(words[$0...last].joined()) }.first
            guard let label, isEnd || label.isSure else { continue }
            if isEnd { return [label] }
            labels.append(label)
        }
        return labels
    }

    /// - Parameter number: the number of the algorithm in OpenPGP (RFC 9580, section 9.5).
    init?(openPGP number: Int) {
        let words = [
            1: "md5", 2: "sha1", 3: "rmd160", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224",
            12: "sha3-256", 14: "sha3-512",
        ]
        guard let word = words[number] else { return nil }
        self.init(word)
    }
}
