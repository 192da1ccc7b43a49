// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The properties by which openstacksdk recognises images that it uploaded (`create_image` of its
/// image proxy). The uploader writes them, not the service. They are empty if the uploader knew no
/// checksum.
struct ChecksumMarks: Sendable, Hashable {
    static let prefixes = ["owner_specified.openstack", "owner_specified.shade"]

    var checksums: [Checksum]

    init(_ checksums: [Checksum]) {
        self.checksums = checksums.filter { [.md5, .sha256].contains($0.algorithm) }
    }

    /// Reads the marks of an image: the older ones if the newer ones are missing.
    init(of image: Image) {
        let algorithms: [Checksum.Algorithm] = [.md5, .sha256]
        checksums = algorithms.compactMap { algorithm in
            let value = Self.prefixes.lazy.compactMap {
                image.properties["\($0).\(algorithm.rawValue)"]?.string
            }.first
            return value.flatMap { try? Checksum(algorithm, $0) }
        }
    }

    /// Returns all marks, with `""` for unknown checksums.
    func properties(name: String) -> [String: JSONValue] {
        var properties: [String: JSONValue] = [
            // The container through which openstacksdk would have sent the data.
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
    /// True if the data of the image has the checksums `wanted`, according to the service's
    /// checksums or, if none of these can be compared, to the marks. At least one checksum must be
    /// comparable, and none may differ.
    ///
    /// The service's checksums take precedence, since the marks may belong to data that has been
    /// replaced.
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
