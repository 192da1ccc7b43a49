// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The properties by which openstacksdk knows again what it uploaded
/// (`create_image` of its image proxy). They are the uploader's word, not the
/// service's, and empty where the uploader knew nothing.
struct ChecksumMarks: Sendable, Hashable {
    static let prefixes = ["owner_specified.openstack", "owner_specified.shade"]

    var checksums: [Checksum]

    init(_ checksums: [Checksum]) {
        self.checksums = checksums.filter { [.md5, .sha256].contains($0.algorithm) }
    }

    /// Those of an image; the older name of the same thing where the newer is
    /// missing.
    init(of image: Image) {
        let algorithms: [Checksum.Algorithm] = [.md5, .sha256]
        checksums = algorithms.compactMap { algorithm in
            let value = Self.prefixes.lazy.compactMap {
                image.properties["\($0).\(algorithm.rawValue)"]?.string
            }.first
            return value.flatMap { try? Checksum(algorithm, $0) }
        }
    }

    /// All of them, with `""` for what is not known.
    func properties(name: String) -> [String: JSONValue] {
        var properties: [String: JSONValue] = [
            // The container that openstacksdk would have sent it through.
            "\(Self.prefixes[0]).object": .string("images/\(name)")
        ]
        for algorithm in [Checksum.Algorithm.md5, .sha256] {
            let value = checksums.first { $0.algorithm == algorithm }?.value
            properties["\(Self.prefixes[0]).\(algorithm.rawValue)"] = .string(value ?? "")
        }
        return properties
    }
}

extension Image {
    /// Whether its data is what hashes to `wanted`, as its marks or the
    /// service's own checksums say it: something must agree, nothing may differ.
    ///
    /// The service's word counts for more: marks of data that was replaced
    /// since are passed over.
    func holds(_ wanted: [Checksum]) -> Bool {
        for known in [checksums, ChecksumMarks(of: self).checksums] {
            let comparable = wanted.filter { wish in
                known.contains { $0.algorithm == wish.algorithm }
            }
            if !comparable.isEmpty { return comparable.allSatisfy(known.contains) }
        }
        return false
    }
}
